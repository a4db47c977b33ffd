/** On narrow screens the side panels are drawers: one at a time, with focus kept inside. */
const narrow = { 'rooms-panel': matchMedia('(max-width: 719px)'), 'people-panel': matchMedia('(max-width: 1039px)') };

let open = null;
let opener = null;

export function setUpDrawers() {
  for (const button of document.querySelectorAll('[data-open-drawer]')) {
    button.setAttribute('aria-haspopup', 'dialog');
    button.addEventListener('click', () => openDrawer(button.dataset.openDrawer, button));
  }
  for (const closer of document.querySelectorAll('[data-close-drawer]')) closer.addEventListener('click', closeDrawer);
  document.addEventListener('keydown', (event) => event.key === 'Escape' && closeDrawer());
  for (const query of Object.values(narrow)) query.addEventListener('change', closeDrawer);
  apply();
}

export function closeDrawer() {
  const returnTo = open && opener;
  open = opener = null;
  apply();
  returnTo?.focus();
}

function openDrawer(id, button) {
  open = id;
  opener = button;
  apply();
  document.querySelector(`#${id} .drawer-close`).focus();
}

function apply() {
  for (const [id, query] of Object.entries(narrow)) {
    const panel = document.getElementById(id);
    panel.classList.toggle('open', open === id);
    // Out of sight must also be out of reach of the keyboard and of screen readers.
    panel.inert = open ? open !== id : query.matches;
  }
  document.getElementById('chat').inert = open !== null;
  document.documentElement.toggleAttribute('data-drawer', open !== null);
}
