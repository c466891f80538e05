"""Every page of every role, as people meet it: judged by axe and by Lighthouse, and taken as pictures."""
