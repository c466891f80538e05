// A peer: Socket.IO with its defaults. POST /publish sends the body to every connected socket.
const http = require('http');
const { Server } = require('socket.io');

const server = http.createServer((request, response) => {
  if (request.method != 'POST' || request.url != '/publish') return; // the rest is Socket.IO's
  let body = '';
  request.on('data', part => body += part);
  request.on('end', () => {
    io.emit('prescription_status_changed', body);
    response.writeHead(204).end();
  });
});
const io = new Server(server);
server.listen(+process.argv[2], '127.0.0.1', 4096);
