// Which view is shown, and how, stands in the URL after its #: #/tasks?state=failed.
// So every view has a link, and the browser's back goes back.

// route reads the URL: the view's name, the rest of the path, and the parameters.
export function route() {
  const [path, search = ""] = split(location.hash.slice(1) || "/", "?");
  const [, name, ...rest] = path.split("/");
  return {
    name: name || "overview",
    id: decoded(rest.join("/")),
    params: Object.fromEntries(new URLSearchParams(search)),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // as somebody wrote it
  }
}

function split(text, at) {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

// to is the URL of a view. Parameters that are empty are left out.
export function to(name, params = {}, id = "") {
  const said = Object.entries(params).filter(([, value]) => value !== "" && value != null);
  const search = new URLSearchParams(said).toString();
  const path = name === "overview" ? "#/" : `#/${name}${id ? `/${encodeURIComponent(id)}` : ""}`;
  return search ? `${path}?${search}` : path;
}

// go shows a view.
export function go(url) {
  location.hash = url;
}
