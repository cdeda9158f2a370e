// Reading a filter as far as it is written, as MongoDB's shell has it: enough to know
// what stands where. Whether it is right says the server.

const pattern = new RegExp(
  [
    String.raw`(?<space>\s+|//[^\n]*|/\*[^]*?(?:\*/|$))`,
    String.raw`(?<string>"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?)`,
    String.raw`(?<regex>/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)`,
    String.raw`(?<word>[^\s{}[\]():,"'/]+)`,
    String.raw`(?<mark>[^])`,
  ].join("|"),
  "gy",
);

// tokens cuts a text into pieces: {type, text, value, start, end}. Space is left out.
export function tokens(text) {
  const list = [];
  for (const match of text.matchAll(pattern)) {
    const [type, piece] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    if (type === "space") continue;
    const start = match.index;
    list.push({ type, text: piece, value: valueOf(type, piece), start, end: start + piece.length });
  }
  return list;
}

function valueOf(type, piece) {
  if (type !== "string") return piece;
  const closed = piece.length > 1 && piece.endsWith(piece[0]);
  return piece.slice(1, closed ? -1 : undefined).replace(/\\(.)/g, "$1");
}

// outline tells of each key and value where it stands. An entry has
//   path      the way to it from the top, as the server names it: submitted.$gt
//   field     the record's path that it is about: submitted
//   key       the token of the key; none in a list
//   value     the first token of the value, if it is there
// and rest is what is open at the end of the text: see place.
export function outline(text) {
  const entries = [];
  const stack = [];
  const top = () => stack.at(-1);
  let call = 0; // how many parentheses are open: their arguments are no values of the filter

  for (const token of tokens(text)) {
    const frame = top();
    if (token.text === "(" && token.type === "mark") call++;
    else if (token.text === ")" && token.type === "mark") call = Math.max(0, call - 1);
    else if (call > 0) continue;
    else if (token.text === "{" || token.text === "[") {
      const entry = frame && value(frame, token);
      stack.push(opened(token.text, entry));
    } else if (token.text === "}" || token.text === "]") stack.pop();
    else if (!frame) continue;
    else if (token.text === ",") Object.assign(frame, { entry: null, index: frame.index + 1, colon: false });
    else if (token.text === ":") frame.colon = true;
    else if (frame.kind === "{" && !frame.colon) frame.entry = key(frame, token);
    else value(frame, token);
  }
  return { entries, open: stack };

  function key(frame, token) {
    const name = token.value;
    const entry = {
      path: joined(frame.path, name),
      field: name.startsWith("$") ? frame.field : frame.field && !frame.elements ? frame.field : joined(frame.field, name),
      operator: name.startsWith("$"),
      key: token,
      value: null,
    };
    entries.push(entry);
    return entry;
  }

  function value(frame, token) {
    if (frame.kind === "{") {
      if (frame.entry && !frame.entry.value) frame.entry.value = token;
      return frame.entry;
    }
    const entry = { path: joined(frame.path, String(frame.index)), field: frame.field, key: null, value: token };
    entries.push(entry);
    return entry;
  }
}

function joined(path, name) {
  return path ? `${path}.${name}` : name;
}

// opened is the frame of a document or list. In one under a key operators stand; the
// keys of one in $elemMatch go on from its field.
function opened(kind, entry) {
  return {
    kind,
    path: entry?.path ?? "",
    field: entry?.field ?? "",
    elements: entry?.key?.value === "$elemMatch",
    entry: null,
    index: 0,
    colon: false,
  };
}

// fieldsOf returns the entries that name a path of records: no operators, nor keys of
// documents that values are compared with.
export function fieldsOf(text) {
  return outline(text).entries.filter((entry) => entry.key && !entry.operator && entry.field === entry.key.value);
}

// tokenAt returns the token of the deepest entry on the way to a path, or null.
export function tokenAt(text, path) {
  let found = null;
  for (const entry of outline(text).entries) {
    const on = path === entry.path || path.startsWith(`${entry.path}.`);
    if (on && (!found || entry.path.length > found.path.length)) found = entry;
  }
  return found && (found.key ?? found.value);
}
