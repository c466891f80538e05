// Judges one page after the other in the Chromium whose debugging port is the argument: a line of JSON in, one out.
// In: {url, cookie}. Out: {scores: {category: 0 to 100}, failed: [[category, audit, what, where]]}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [port, modules] = process.argv.slice(2);
const { default: lighthouse } = await import(pathToFileURL(createRequire(`${modules}/`).resolve("lighthouse")));
const categories = ["accessibility", "best-practices", "performance"];

const places = ({ items = [] }) =>
  items.map(item => item.node?.selector ?? item.url ?? item.source?.url ?? item.description ?? "").slice(0, 5).join(" ");

const judge = async ({ url, cookie }, left = 2) => {
  const { lhr } = await lighthouse(url, {
    port: +port,
    onlyCategories: categories,
    disableFullPageScreenshot: true,
    maxWaitForLoad: 8_000, // the stream of a page never ends, so « nothing is loading any more » never comes
    extraHeaders: cookie ? { Cookie: cookie } : undefined,
  });
  if (!lhr.runtimeError) return lhr;
  if (!left) throw new Error(`${url}: ${lhr.runtimeError.message}`);
  return judge({ url, cookie }, left - 1); // on a busy machine it may miss the beginning
};

for await (const line of createInterface({ input: process.stdin })) {
  const lhr = await judge(JSON.parse(line));
  const scores = {}, failed = [];
  for (const category of categories) {
    const { score, auditRefs } = lhr.categories[category];
    scores[category] = Math.round(score * 100);
    for (const { id, weight } of auditRefs) {
      const { score: got, title, displayValue = "", details = {} } = lhr.audits[id];
      if (weight && got !== null && got < 0.9) failed.push([category, id, `${title} ${displayValue}`.trim(), places(details)]);
    }
  }
  console.log(JSON.stringify({ scores, failed }));
}
