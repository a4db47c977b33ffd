// A blocking classic script, so that a stored theme applies before the first paint.
(() => {
  try {
    const stored = localStorage.getItem('dormouse.theme');
    if (stored) document.documentElement.dataset.theme = stored;
  } catch { /* storage refused: follow the system */ }
})();
