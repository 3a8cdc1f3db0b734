// Opens pages in Chromium and prints, as JSON, its version and what it sees of each page: messages, requests,
// sizes, contrast, and the pages that a printer would get. The order is read from standard input:
// {"chromium": path, "modules": path, "pictures": path or "", "pages": [{"name", "file"}]}
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const order = JSON.parse(readFileSync(0, 'utf8'));
const { default: puppeteer } = await import(
  pathToFileURL(createRequire(path.join(order.modules, 'x.js')).resolve('puppeteer-core')));

// What is measured in the page. It must not refer to anything outside of it.
function measure() {
  const name = (element) => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') +
    (element.className ? '.' + element.className : '') + ' ' + (element.textContent || '').trim().slice(0, 40);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 0;
  const inner = document.documentElement.clientWidth;
  const scrolls = (element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  const insideScroller = (element) => {
    for (let e = element.parentElement; e; e = e.parentElement) if (scrolls(e)) return true;
    return false;
  };
  const wide = [], cut = [];
  for (const element of document.body.querySelectorAll('*')) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    if ((box.right > inner + 0.5 || box.left < -0.5) && !insideScroller(element)) wide.push(name(element));
    const style = getComputedStyle(element);
    if (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1 ||
        style.overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 1) cut.push(name(element));
  }
  return { inner, documentWidth: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight,
    wide, cut };
}

// Text whose contrast with its background is less than WCAG 2.2 AA asks for.
function faint() {
  const parse = (text) => {
    const numbers = text.match(/[\d.]+/g).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const known = new Map();
  const background = (element) => {
    if (!element) return [255, 255, 255];
    if (!known.has(element)) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.alpha > 0 && colour.alpha < 1) throw new Error('a background is half transparent: ' + element.className);
      known.set(element, colour.alpha === 1 ? colour.rgb : background(element.parentElement));
    }
    return known.get(element);
  };
  const found = [];
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    texts++;
    const style = getComputedStyle(element);
    const one = luminance(parse(style.color).rgb), other = luminance(background(element));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    if (ratio < (large ? 3 : 4.5)) {
      found.push(`${ratio.toFixed(2)} ${element.tagName} ${element.className} ${walker.currentNode.data.trim().slice(0, 30)}`);
    }
  }
  return { texts, found };
}

// What a screen reader needs: headings that skip no level, tables with headings, regions with names.
function structure() {
  const headings = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]));
  const skipped = headings.filter((level, i) => i > 0 && level > headings[i - 1] + 1).length;
  const cells = [...document.querySelectorAll('th')].filter((th) => !th.hasAttribute('scope')).length;
  const rows = [...document.querySelectorAll('tbody tr')].filter((tr) => !tr.querySelector('th[scope=row]')).length;
  const scrollers = [...document.querySelectorAll('.wide')].filter((box) => !box.getAttribute('aria-label') ||
    box.tabIndex !== 0).length;
  const targets = [...document.querySelectorAll('a')].filter((a) => !a.getAttribute('href').startsWith('#') ||
    !document.getElementById(a.getAttribute('href').slice(1))).length;
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  return { firstLevel: headings.filter((level) => level === 1).length, startsWithFirst: headings[0] === 1, skipped,
    cellsWithoutScope: cells, rowsWithoutHeading: rows, namelessScrollers: scrollers, brokenLinks: targets,
    repeatedIds: ids.length - new Set(ids).size, language: document.documentElement.lang,
    scripts: document.scripts.length };
}

// The matrix after it was scrolled: how much of the screen its heading takes, and whether heading and role
// are still in sight.
function scrolledMatrix() {
  const box = document.querySelector('#matrix .wide.screen');
  if (!box) return null;
  box.scrollIntoView({ block: 'start' });
  box.scrollTop = box.scrollHeight;
  box.scrollLeft = box.scrollWidth;
  const frame = box.getBoundingClientRect(), head = box.querySelector('thead').getBoundingClientRect();
  const role = box.querySelector('tbody tr:last-child th').getBoundingClientRect();
  return { scrollsDown: box.scrollTop, scrollsRight: box.scrollLeft, boxHeight: frame.height, headHeight: head.height,
    roleWidth: role.width, boxWidth: frame.width, screenHeight: innerHeight, screenWidth: innerWidth,
    headInSight: Math.abs(head.top - frame.top) < 3, roleInSight: Math.abs(role.left - frame.left) < 3 };
}

const browser = await puppeteer.launch({ executablePath: order.chromium, headless: true, args: ['--no-sandbox',
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'] });
const picture = async (tab, name, whole) => order.pictures &&
  tab.screenshot({ path: path.join(order.pictures, name + '.png'), fullPage: whole });
const seen = [], version = await browser.version();
try {
  for (const { name, file } of order.pages) {
    for (const width of [1200, 400]) {
      for (const scheme of ['light', 'dark']) {
        const tab = await browser.newPage();
        const messages = [], requests = [];
        tab.on('console', (message) => messages.push(message.text()));
        tab.on('pageerror', (error) => messages.push(String(error)));
        tab.on('request', (request) => requests.push(request.url()));
        tab.on('requestfailed', (request) => messages.push('failed: ' + request.url()));
        await tab.setViewport({ width, height: width === 400 ? 800 : 900 });
        await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        await tab.goto(pathToFileURL(file).href, { waitUntil: 'load' });
        const result = { page: name, width, scheme, ...await tab.evaluate(measure), faint: await tab.evaluate(faint),
          structure: await tab.evaluate(structure) };
        await picture(tab, `${name}-${width}-${scheme}`, true);
        await tab.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
        result.opened = await tab.evaluate(measure);
        result.matrix = await tab.evaluate(scrolledMatrix);
        await picture(tab, `${name}-${width}-${scheme}-matrix`, false);
        seen.push({ ...result, messages, requests: requests.slice(1) });
        await tab.close();
      }
    }
    // Paper of the size A4 has 794 x 1123 pixels; the margins are 12 mm on each side.
    for (const [paper, width] of [['portrait', 703], ['landscape', 1031]]) {
      const tab = await browser.newPage();
      await tab.setViewport({ width, height: 900 });
      await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
      await tab.goto(pathToFileURL(file).href, { waitUntil: 'load' });
      await tab.emulateMediaType('print');
      const result = { page: name, paper, ...await tab.evaluate(measure), faint: await tab.evaluate(faint) };
      result.background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
      result.hidden = await tab.evaluate(() => [...document.querySelectorAll('pre')].filter((pre) =>
        !pre.checkVisibility({ contentVisibilityAuto: true }) || pre.getBoundingClientRect().height === 0).length);
      const pdf = await tab.pdf({ format: 'A4', landscape: paper === 'landscape', printBackground: false,
        path: order.pictures ? path.join(order.pictures, `${name}-${paper}.pdf`) : undefined });
      result.pdfBytes = pdf.length;
      seen.push(result);
      await tab.close();
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ version, looks: seen }));
