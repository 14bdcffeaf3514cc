// The words of the page in the language that the reader has chosen; before that, in the one that the server chose by the browser's wish.
import { texts, problems } from './texts.js';

const stored = 'firstcome.language';
let current = read() ?? document.documentElement.lang;

function read() {
  try {
    const language = localStorage.getItem(stored);
    return language in texts ? language : null;
  } catch {
    return null; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

export const language = () => current;

export function choose(language) {
  current = language;
  try {
    localStorage.setItem(stored, language);
  } catch {
    // As above.
  }
  apply();
}

/** The text of a key; `{name}` in it is replaced by `values.name`. */
export function text(key, values = {}) {
  return texts[current][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** One of two texts that the API gives in both languages. */
export const localized = (both) => both?.[current] ?? both?.ko ?? '';

/** What a problem means, in the reader's language: title and what to do. */
export function explain(problem) {
  const known = problems[current][problem.slug];
  if (known) { return known; }
  return { title: problem.title ?? text('problem.unknown', { status: problem.status }), meaning: problem.detail ?? '' };
}

/** The same in one line. */
export function sentence(problem) {
  const { title, meaning } = explain(problem);
  return `${title}. ${meaning}`;
}

/** Puts the words into everything that names one. */
export function apply() {
  document.documentElement.lang = current;
  document.title = text('page.title');
  for (const element of document.querySelectorAll('[data-text]')) { element.textContent = text(element.dataset.text); }
  for (const element of document.querySelectorAll('[data-label]')) { element.setAttribute('aria-label', text(element.dataset.label)); }
  for (const button of document.querySelectorAll('[data-language]')) { button.setAttribute('aria-pressed', String(button.dataset.language === current)); }
}
