// The HTTP API of the server that the page comes from.

// Problem is an answer that is no success: what RFC 9457 has, or that the server
// cannot be reached (status 0).
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the server answered ${status}`);
    Object.assign(this, { status, kind: body.kind, code: body.code, path: body.path });
    this.title = body.title ?? "";
    this.msgIDs = body.msg_ids ?? [];
    this.details = body.errors ?? [];
    this.request = body.instance;
  }
}

const tokenKey = "taskdb.token";

// The token is kept as long as the tab is open.
export const token = {
  get: () => sessionStorage.getItem(tokenKey),
  set: (value) => sessionStorage.setItem(tokenKey, value),
  clear: () => sessionStorage.removeItem(tokenKey),
};

// session asks for a token. The frame of the page sets it.
export const session = { signIn: async () => {} };

// request sends a request and returns the response of a success. If the server wants
// a token, the user is asked for one, and it is sent again.
export async function request(method, path, { body, headers = {}, signal } = {}) {
  for (;;) {
    const used = token.get();
    const response = await send(method, path, body, { ...headers, ...authorization(used) }, signal);
    if (response.ok) return response;
    if (response.status !== 401) throw new Problem(response.status, await problemOf(response));
    if (token.get() === used) await session.signIn(Boolean(used));
  }
}

function authorization(used) {
  return used ? { Authorization: `Bearer ${used}` } : {};
}

async function send(method, path, body, headers, signal) {
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The server cannot be reached", detail: `Nobody answers at ${location.host}.` });
  }
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: response.statusText };
  }
}

async function json(method, path, body, signal) {
  const response = await request(method, path, { body, signal });
  return response.status === 204 ? null : response.json();
}

const at = (msgID) => `/v1/tasks/${encodeURIComponent(msgID)}`;
const queueAt = (queue) => `/v1/queues/${queue === "" ? "-" : encodeURIComponent(queue)}/pause`;
const search = (params) => new URLSearchParams(Object.entries(params).filter(([, v]) => v != null)).toString();

export const api = {
  counts: () => json("GET", "/v1/counts"),
  status: () => json("GET", "/v1/status"),
  activity: (params) => json("GET", `/v1/activity?${search(params)}`),
  timeline: (params) => json("GET", `/v1/timeline?${search(params)}`),
  query: (query, signal) => json("POST", "/v1/tasks/query", query, signal),
  count: (query) => json("POST", "/v1/tasks/count", query),
  lookup: (prefix) => json("GET", `/v1/lookup?${search({ prefix })}`),
  task: (msgID) => json("GET", at(msgID)),
  chain: (msgID) => json("GET", `${at(msgID)}/chain`),
  purge: (choice) => json("POST", "/v1/tasks/purge", choice),
  resubmit: (choice) => json("POST", "/v1/tasks/resubmit", choice),
  cancel: (choice) => json("POST", "/v1/tasks/cancel", choice),
  priority: (choice) => json("POST", "/v1/tasks/priority", choice),
  drain: (reason) => json("PUT", "/v1/drain", { reason }),
  undrain: () => json("DELETE", "/v1/drain"),
  pause: (queue, reason) => json("PUT", queueAt(queue), { reason }),
  unpause: (queue) => json("DELETE", queueAt(queue)),
};

// bufferPath is where the bytes of a task's n-th buffer are. key is "buffers" or
// "result_buffers".
export const bufferPath = (msgID, key, n) => `${at(msgID)}/buffers/${key}/${n}`;

// bufferSize returns the length of a buffer, of which it reads one byte at most, or
// null if there is none.
export async function bufferSize(msgID, key, n) {
  try {
    const response = await request("GET", bufferPath(msgID, key, n), { headers: { Range: "bytes=0-0" } });
    const range = response.headers.get("Content-Range");
    await response.body?.cancel();
    return Number(range ? range.split("/")[1] : response.headers.get("Content-Length") ?? 0);
  } catch (problem) {
    if (problem.status === 416) return 0; // it is empty
    if (problem.status === 404) return null;
    throw problem;
  }
}
