// Scalebook's pages: theme, keys, search, predict, curves, copying, evidence. No modules, no fetch: it works from file://.
(() => {
  'use strict';
  const html = document.documentElement, up = html.dataset.root || '';
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const kept = (key, value) => { // a reader may have forbidden storage: then nothing is remembered
    try { if (value === undefined) return JSON.parse(localStorage.getItem(key)); localStorage.setItem(key, JSON.stringify(value)); } catch { return null; }
  };
  const el = (tag, props = {}, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e; };
  const glyph = name => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    svg.setAttribute('class', 'g'); svg.setAttribute('aria-hidden', 'true'); use.setAttribute('href', '#' + name); svg.append(use); return svg;
  };
  const typing = t => t.isContentEditable || (/^(INPUT|SELECT|TEXTAREA)$/.test(t.tagName) && !/^(range|radio|checkbox)$/.test(t.type));

  // Theme, before anything is painted
  const asked = /[?&]theme=(dark|light)/.exec(location.search), theme = asked ? asked[1] : kept('scalebook.theme');
  if (theme === 'dark' || theme === 'light') html.dataset.theme = theme;
  const flip = () => {
    const dark = html.dataset.theme ? html.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    kept('scalebook.theme', html.dataset.theme = dark ? 'light' : 'dark');
  };

  // Numbers, in as many digits as a reader can use
  const nice = v => { const d = v >= 100 || Number.isInteger(v) ? 0 : v >= 10 ? 0 : v >= 1 ? 1 : 2; return (v >= 1000 ? Number(v.toPrecision(3)) : Number(v.toFixed(d))).toLocaleString('en'); };
  const log = Math.log10, lerp = (a, b, t) => a + t * (b - a);

  // The handle on a curve's axis
  function scrub(box) {
    const c = JSON.parse(box.dataset.curve), input = $('input', box), out = $('output', box), cursor = document.getElementById(box.dataset.for + '-cursor');
    const fx = c.scale === 'log' ? log : Number, gx = c.scale === 'log' ? v => 10 ** v : Number, fy = c.yscale === 'linear' ? Number : log, gy = c.yscale === 'linear' ? Number : v => 10 ** v;
    const first = c.points[0][0], last = c.points[c.points.length - 1][0];
    const at = x => {
      let i = c.points.findIndex(p => p[0] >= x); i = i < 1 ? Math.min(1, c.points.length - 1) : i;
      const a = c.points[Math.max(i - 1, 0)], b = c.points[i], t = a === b ? 0 : (fx(x) - fx(a[0])) / (fx(b[0]) - fx(a[0]));
      return [1, 2, 3].map(k => a[k] == null || b[k] == null ? null : gy(lerp(fy(a[k]), fy(b[k]), Math.min(1, Math.max(0, t)))));
    };
    const round = x => { if (c.scale === 'label') return Math.round(x); const p = 10 ** Math.floor(log(x) - 1); return x < 10 ? Number(x.toPrecision(2)) : Math.round(x / p) * p; };
    const draw = () => {
      let x = Math.min(last, Math.max(first, gx(lerp(fx(c.x[0]), fx(c.x[1]), input.value / 1000))));
      if (c.scale === 'label') x = Math.round(x);
      const [low, mid, high] = at(x), across = 100 * (fx(x) - fx(c.x[0])) / (fx(c.x[1]) - fx(c.x[0]));
      if (cursor) {
        const line = $('line', cursor), dot = $('circle', cursor), share = (fy(mid) - fy(c.y[0])) / (fy(c.y[1]) - fy(c.y[0]));
        for (const name of ['x1', 'x2']) line.setAttribute(name, across + '%');
        dot.setAttribute('cx', across + '%'); dot.setAttribute('cy', c.h * (1 - share));
      }
      const label = c.scale === 'label', name = label ? c.labels[x] : round(x).toLocaleString('en'), l = low ?? mid, h = high ?? mid;
      const side = c.claim == null ? '' : (c.below ? h < c.claim : l > c.claim) ? 'holds' : (c.below ? l > c.claim : h < c.claim) ? 'never' : 'unresolved';
      const word = { holds: 'the claim is true here', never: 'the claim is false here', unresolved: 'too close to call' }[side];
      const said = [label ? '' : 'With ', el('b', { textContent: name }), label ? `: ${c.say} ` : ` ${c.axis} ${c.say} `, el('span', { className: 'num', textContent: nice(mid) + c.unit })];
      if (low != null && nice(low) !== nice(high)) said.push(' ', el('span', { className: 'ci', textContent: `[${nice(low)}, ${nice(high)}]` }));
      if (c.after) said.push(' ' + c.after);
      if (side) said.push(': ', el('span', { className: 'verdict ' + side }, glyph(side), word));
      out.replaceChildren(...said, '.');
      input.setAttribute('aria-valuetext', name + ' ' + c.axis);
    };
    input.oninput = draw; draw();
  }

  // Predict first; the reader's record stays in this browser
  function predict(box) {
    const unit = $('.page')?.dataset.unit || '', d = box.dataset, [value, from, to] = [+d.value, +d.from, +d.to];
    const dial = $('#guess', box), out = $('output', box), said = $('[data-said]', box);
    const guess = () => 10 ** lerp(log(from), log(to), dial.value / 1000);
    const record = () => {
      const all = Object.values(kept('scalebook.guesses') || {}).filter(g => g > 0), near = all.filter(g => g <= 2).length;
      const words = all.length ? `Your record: ${near} of ${all.length} ${all.length === 1 ? 'guess' : 'guesses'} within a factor of two.` : '';
      $$('[data-record]', box).forEach(r => { r.textContent = words; });
    };
    const show = () => { out.textContent = nice(guess()); };
    const done = words => { said.textContent = words; dial.disabled = true; box.classList.add('done'); record(); };
    const keep = off => { const all = kept('scalebook.guesses') || {}; if (!(unit in all)) { all[unit] = off; kept('scalebook.guesses', all); } };
    const tell = g => box.dispatchEvent(new CustomEvent('scalebook-guess', { bubbles: true, detail: { unit, guess: g, measured: value } }));
    $('[data-guess]', box).onclick = () => {
      const g = guess(), off = Math.max(g / value, value / g); keep(off); tell(g);
      done(`You said ${nice(g)}: ${off < 1.05 ? 'right' : 'off by a factor of ' + (off < 10 ? off.toFixed(1) : nice(off))}.`);
    };
    $('[data-skip]', box).onclick = () => { keep(0); done('Skipped, and not counted.'); };
    dial.oninput = show; show(); record();
    const before = (kept('scalebook.guesses') || {})[unit];
    if (before !== undefined) done(before > 0 ? `You were off by a factor of ${before < 10 ? before.toFixed(1) : nice(before)} here.` : 'You skipped this one.');
  }

  // Evidence: opens on hover and focus, stays while the pointer travels to it, Escape puts it away
  let open = null, tapped = null, timer = 0;
  const close = () => { clearTimeout(timer); open?.classList.remove('open'); open = null; };
  const show = num => { if (open === num) return; close(); if ($('.evidence', num)) { open = num; num.classList.add('open'); } };
  addEventListener('pointerover', e => {
    const num = e.target.closest?.('.num, .modelled'); if (!num && !open) return;
    clearTimeout(timer);
    if (num === open && num) return;
    timer = setTimeout(num ? () => show(num) : close, num ? (open ? 220 : 90) : 450);
  });
  addEventListener('focusin', e => { const num = e.target.closest?.('.num, .modelled'); if (num) show(num); else close(); });
  addEventListener('pointerdown', e => { if (open && !open.contains(e.target)) close(); });
  addEventListener('click', e => { // a finger's first tap shows the evidence, the second one follows the link
    const num = e.pointerType === 'touch' && e.target.closest?.('a.num');
    if (num && $('.evidence', num) && num !== tapped) { e.preventDefault(); show(num); }
    tapped = num;
  });

  // Copying
  function copy(button) {
    button.hidden = false;
    button.onclick = () => {
      const text = $('code', button.parentElement).innerText, done = () => { button.textContent = 'Copied'; setTimeout(() => { button.textContent = 'Copy'; }, 1500); };
      const select = () => { getSelection().selectAllChildren($('code', button.parentElement)); if (document.execCommand('copy')) done(); };
      navigator.clipboard ? navigator.clipboard.writeText(text).then(done, select) : select();
    };
  }

  // Where the reader is, in the contents
  let seen = () => {};
  function contents() {
    const links = $$('.toc a').filter(a => document.getElementById(a.hash.slice(1)));
    seen = () => {
      let current = links[0];
      for (const a of links) if (document.getElementById(a.hash.slice(1)).getBoundingClientRect().top < 160) current = a;
      for (const a of links) if (a === current) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
    };
    if (links.length) seen();
  }

  // Search: the index is one more classic script, loaded when the field is first used
  let index;
  const load = () => index ||= ['search.js', 'search-index.js'].reduce((p, name) => p.then(() => new Promise((ok, bad) => {
    document.head.append(el('script', { src: `${up}assets/${name}`, onload: ok, onerror: bad }));
  })), Promise.resolve()).then(() => { scalebookSearch(scalebookIndex, 'a'); }); // opened before it is asked
  const marked = (text, words) => {
    const parts = words.length ? text.split(new RegExp(`\\b(${words.map(w => w.replace(/\W/g, '\\$&')).join('|')})`, 'gi')) : [text];
    return parts.map((part, i) => i % 2 ? el('mark', { textContent: part }) : part);
  };
  const hits = (query, most) => {
    const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
    return scalebookSearch(scalebookIndex, query, most).map(hit => el('a', { href: up + hit.href },
      el('span', { className: 'hit-title' }, ...marked(hit.title, words)), el('span', { className: 'hit-where', textContent: hit.where }),
      el('span', { className: 'hit-say' }, ...marked(hit.takeaway, words))));
  };
  const none = query => el('p', { textContent: `Nothing is called or says “${query}”.` });
  function field() {
    const form = $('.search'), input = $('#q'), box = $('#found'), list = el('ol', { id: 'hits', role: 'listbox', ariaLabel: 'Pages found' });
    let at = -1, serial = 0;
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'hits', 'aria-autocomplete': 'list' })) input.setAttribute(name, value);
    const shut = () => { box.hidden = true; at = -1; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); };
    const pick = i => {
      const rows = [...list.children]; if (!rows.length) return;
      at = (i + rows.length) % rows.length;
      rows.forEach((row, k) => row.setAttribute('aria-selected', k === at));
      rows[at].scrollIntoView({ block: 'nearest' }); input.setAttribute('aria-activedescendant', rows[at].id);
    };
    const find = async () => {
      const query = input.value.trim(), mine = ++serial;
      if (!query) return shut();
      try { await load(); } catch { box.replaceChildren(el('p', { textContent: 'The search index could not be loaded.' })); box.hidden = false; return; }
      if (mine !== serial) return;
      const found = hits(query, 8);
      list.replaceChildren(...found.map((a, i) => { a.tabIndex = -1; return el('li', { id: `hit-${i}`, role: 'option', ariaSelected: 'false' }, a); }));
      box.replaceChildren(found.length ? list : none(query)); box.hidden = false; at = -1;
      input.setAttribute('aria-expanded', String(found.length > 0)); input.removeAttribute('aria-activedescendant');
    };
    input.onfocus = () => { load().catch(() => {}); if (input.value) find(); };
    input.oninput = find;
    input.onkeydown = e => {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); pick(at + (e.key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1)); }
      if (e.key === 'Enter' && at >= 0) { e.preventDefault(); $('a', list.children[at]).click(); }
      if (e.key === 'Escape') { if (box.hidden) input.blur(); else { e.preventDefault(); shut(); } }
    };
    addEventListener('pointerdown', e => { if (!form.contains(e.target)) shut(); });
    form.addEventListener('focusout', e => { if (!form.contains(e.relatedTarget)) shut(); });
  }
  async function results(box) {
    const query = new URLSearchParams(location.search).get('q') || '', input = $('input', box);
    input.value = query;
    if (!query.trim()) { input.focus(); return; }
    const out = $('.results', box);
    try { await load(); } catch { out.replaceChildren(el('li', { textContent: 'The search index could not be loaded.' })); return; }
    const found = hits(query, 50);
    $('[data-count]', box).textContent = `${found.length === 50 ? 'The first 50' : found.length} ${found.length === 1 ? 'page' : 'pages'} for “${query}”`;
    out.replaceChildren(...found.map(a => el('li', {}, a)));
    if (!found.length) out.replaceChildren(el('li', {}, none(query)));
  }

  // Keys
  addEventListener('keydown', e => {
    if (e.key === 'Escape') close();
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
    const page = rel => { const a = $(`.pager a[rel=${rel}]`); if (a && !/^(range|radio)$/.test(e.target.type) && !e.target.closest('.scroll, pre')) { e.preventDefault(); a.click(); } };
    if (e.key === '/') { e.preventDefault(); $('#q').focus(); $('#q').select(); }
    if (e.key === 'd') flip();
    if (e.key === 's') $('.predict:not(.done) [data-skip]')?.click();
    if (e.key === 'ArrowLeft') page('prev');
    if (e.key === 'ArrowRight') page('next');
  });
  addEventListener('scroll', () => seen(), { passive: true });

  function refresh(root) {
    close();
    $$('.scrub', root).forEach(scrub); $$('.predict', root).forEach(predict); $$('[data-copy]', root).forEach(copy);
    contents();
  }
  window.scalebook = { refresh, root: up, flip, el, glyph, nice };
  addEventListener('DOMContentLoaded', () => {
    $('.theme').onclick = flip; field(); refresh(document);
    const box = $('[data-results]'); if (box) results(box);
  });
})();
