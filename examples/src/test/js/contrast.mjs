import assert from 'node:assert/strict';

/**
 * Every text of a page has the contrast that WCAG 2.2 wants of it (1.4.3, level AA), but for those of controls that are
 * disabled. A page's texts can be asked for before its style sheets are there, and nobody sees them then: they are awaited.
 */
export async function legible(page) {
  await page.waitForLoadState('load');
  assert.deepEqual(await page.evaluate(faint), []);
}

/** To be run in a page: the texts on it that have less contrast than that. */
function faint() {
  const parts = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (part) => (part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const over = (top, under) => top.slice(0, 3).map((part, i) => part * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = parts(getComputedStyle(element).backgroundColor);
    return own.length < 4 ? own : over(own, behind(element.parentElement));
  };
  return [...document.querySelectorAll('body, body *')].filter((element) => {
    const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    return isText && element.checkVisibility({ visibilityProperty: true }) && !element.closest(':disabled');
  }).flatMap((element) => {
    const style = getComputedStyle(element);
    const ground = behind(element);
    const two = [luminance(over(parts(style.color), ground)), luminance(ground)].sort((a, b) => b - a);
    const contrast = (two[0] + 0.05) / (two[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    return contrast >= (isLarge ? 3 : 4.5) ? [] : [`${element.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`];
  });
}
