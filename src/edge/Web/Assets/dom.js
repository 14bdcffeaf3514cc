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

/** Says something to who listens to the page instead of looking at it. */
export function announce(message) {
  byId('announcer').textContent = message;
}

/** Shows a message in an element, or hides the element. */
export function show(element, message) {
  element.textContent = message ?? '';
  element.hidden = !message;
}
