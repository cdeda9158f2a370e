// The binary parts of a task, to download. Their sizes are asked for; they themselves
// only if the user wants one.

import { bufferPath, bufferSize, request, token } from "../api.js";
import { button, fill, h } from "../dom.js";
import { bytes } from "../format.js";
import { failed } from "./toast.js";

const most = 50;

// bufferList shows the buffers under a key, once it knows of some.
export function bufferList(msgID, key, title) {
  const element = h("div", { class: "buffers" });
  load();
  return element;

  async function load() {
    const rows = [];
    try {
      for (let n = 0; n < most; n++) {
        const size = await bufferSize(msgID, key, n);
        if (size === null) break;
        rows.push(row(n, size));
      }
    } catch (problem) {
      rows.push(h("li", { class: "muted" }, `Not to be had: ${problem.message}`));
    }
    fill(element, rows.length > 0 && [h("h3", {}, title), h("ul", {}, rows)]);
  }

  function row(n, size) {
    const name = `${msgID}.${key}.${n}`;
    const path = bufferPath(msgID, key, n);
    const get = token.get()
      ? button("Download", () => download(path, name).catch((problem) => failed("Download", problem)), { class: "inline" })
      : h("a", { href: path, download: name, class: "inline" }, "Download");
    return h("li", {}, h("span", { class: "mono" }, String(n)), h("span", {}, bytes(size)), get);
  }
}

// download fetches with the token, which a plain link cannot send.
async function download(path, name) {
  const response = await request("GET", path);
  const url = URL.createObjectURL(await response.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
