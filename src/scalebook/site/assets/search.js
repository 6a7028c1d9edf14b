// Search in the prebuilt index (site/search.py writes it, and cuts words in the same way).
(() => {
  'use strict';
  const ends = /[^\p{L}\p{N}]+/u;
  const fold = text => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const cut = (word, end, left) => word.endsWith(end) && word.length - end.length >= left ? word.slice(0, -end.length) : word;
  const stem = word => {
    if (!/^\p{L}+$/u.test(word)) return word;
    let w = word.endsWith('ies') && word.length > 5 ? word.slice(0, -3) + 'y' : word.endsWith('ss') ? word : cut(word, 's', 3);
    const shorter = cut(w, 'ing', 4);
    w = shorter !== w ? shorter : cut(w, 'ed', 4);
    return cut(w, 'e', 3);
  };
  const place = (terms, term) => { // of the first one that is not before it
    let low = 0, high = terms.length;
    while (low < high) { const mid = (low + high) >> 1; if (terms[mid] < term) low = mid + 1; else high = mid; }
    return low;
  };
  const opened = new WeakMap();
  const open = index => { // the lists are split once
    if (!opened.has(index)) opened.set(index, { terms: index.terms.split(' '), posts: index.posts.split(' ') });
    return opened.get(index);
  };
  // Page -> score of one word: a capital letter is four levels of a field; fields outweigh each other
  const weigh = (index, terms, into) => {
    for (const [at, share] of terms) {
      const post = open(index).posts[at];
      let page = 0, gap = 0;
      for (let i = 0; i < post.length; i++) {
        const code = post.charCodeAt(i);
        if (code > 64 && code < 91) {
          page += gap; gap = 0;
          const level = code - 65, score = share * 20 ** (level >> 2) * (1 + (level & 3) / 4);
          if (!(into.get(page) >= score)) into.set(page, score);
        } else gap = gap * 36 + (code < 58 ? code - 48 : code - 87);
      }
    }
    return into;
  };
  const candidates = (index, word, last) => {
    const { terms } = open(index), exact = stem(word), found = [];
    let at = place(terms, exact);
    if (terms[at] === exact) found.push([at, 1]);
    if (!last) return found;
    for (const start of new Set([word, exact, word.replace(/(ie|in|i|e)$/, '')])) {
      if (start.length < 1) continue;
      for (at = place(terms, start); at < terms.length && terms[at].startsWith(start); at++) if (terms[at] !== exact) found.push([at, .9]);
      if (found.length) break;
    }
    return found;
  };
  // The pages that hold every word (the last one may be its beginning only), best first
  window.scalebookSearch = (index, query, most = 20) => {
    const words = fold(query).split(ends).filter(Boolean);
    if (!words.length) return [];
    let all = null;
    words.forEach((word, i) => {
      const found = weigh(index, candidates(index, word, i === words.length - 1), new Map());
      if (all === null) all = found;
      else for (const [page, score] of all) if (found.has(page)) all.set(page, score + found.get(page)); else all.delete(page);
    });
    const name = fold(query).trim();
    for (const [page, score] of all) if (fold(index.pages[page][1]) === name) all.set(page, score * 4);
    return [...all].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most).map(([page]) => {
      const [href, title, takeaway, where] = index.pages[page];
      return { href, title, takeaway, where };
    });
  };
  window.scalebookSearch.words = text => fold(text).split(ends).filter(Boolean).map(stem);
})();
