/** Small helpers around the DOM and browser storage. */

export const byId = (id) => document.getElementById(id);

/** Creates an element. Strings become text nodes, so user text is never parsed as markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

/** Writes text only when it differs, so live regions are not announced again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Avatar with the first letter of a name, tinted by the name. */
export function avatar(name) {
  const letter = Array.from(name.trim())[0] ?? '?';
  return el('span', { class: `avatar tint-${hash(name) % 8}`, 'aria-hidden': 'true' }, letter.toUpperCase());
}

function hash(text) {
  let value = 7;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}

/** localStorage that forgets, rather than fails, where the browser refuses it. */
export const stored = {
  get: (key) => quietly(() => localStorage.getItem(`dormouse.${key}`)),
  set: (key, value) => quietly(() => localStorage.setItem(`dormouse.${key}`, value)),
};

/** The same for this tab only. */
export const storedInTab = {
  get: (key) => quietly(() => sessionStorage.getItem(`dormouse.${key}`)),
  set: (key, value) => quietly(() => sessionStorage.setItem(`dormouse.${key}`, value)),
};

function quietly(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
