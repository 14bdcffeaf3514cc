// Elements are made of text and other elements only, so nothing that the API says can become markup.

/** Makes an element. `attributes`: true sets an empty one, false and null leave it out, a function is a listener. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') { element.addEventListener(key, value); }
    else if (value === true) { element.setAttribute(key, ''); }
    else if (value !== false && value != null) { element.setAttribute(key, String(value)); }
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

const noteMs = 4_000;
let noted = 0;

/** Says something to who listens to the page instead of looking at it. */
export function announce(message) {
  clearTimeout(noted);
  byId('announcer').className = 'visually-hidden';
  byId('announcer').textContent = message;
}

/** Says something to everybody, for a moment. */
export function notify(message) {
  announce(message);
  byId('announcer').className = 'note';
  noted = setTimeout(() => announce(''), noteMs);
}

/** Names what the page shows, for tabs, histories and listeners. */
export function entitle(name) {
  document.title = `${name} · FirstCome`;
}

let inTheWay = () => '';

/** Says what stands in the way, or without `words` that nothing does any more. `words` makes it in the reader's language of the moment. */
export function trouble(words = () => '') {
  inTheWay = words;
  showTrouble();
}

/** Says it again, in another language. */
export function showTrouble() { show(byId('trouble'), inTheWay()); }

/** Shows a message in an element, or hides the element. */
export function show(element, message) {
  element.textContent = message ?? '';
  element.hidden = !message;
}
