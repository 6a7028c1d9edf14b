// The Run panel: asks the server to run a lab, follows it, and puts its numbers into the page.
// All text goes in as text; only documents of this server are parsed as HTML.
(() => {
  'use strict';
  const KEY = 'scalebook.token', LINES = 9;
  let token = '';
  const given = /^#token=([0-9a-f]{32})$/.exec(location.hash);
  try {
    if (given) sessionStorage.setItem(KEY, given[1]);
    token = sessionStorage.getItem(KEY) || '';
  } catch { token = given ? given[1] : ''; }
  if (given) history.replaceState(null, '', location.pathname + location.search);

  const el = (tag, props = {}, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e; };
  const svg = (tag, attributes, ...inside) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...inside); return e;
  };
  const glyph = name => svg('svg', { class: 'g', 'aria-hidden': 'true' }, svg('use', { href: '#' + name }));
  const nice = v => v >= 100 ? Math.round(Number(v.toPrecision(3))).toLocaleString('en') : String(Number(v.toPrecision(v > .9 && v < 1.2 ? 3 : 2)));
  const named = v => typeof v === 'number' ? v.toLocaleString('en') : String(v);
  const clock = s => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
  const about = s => s < 95 ? `about ${Math.max(1, Math.round(s))} s` : `about ${Math.round(s / 60)} min`;
  const many = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const parsed = html => new DOMParser().parseFromString(html, 'text/html');

  class Refused extends Error { constructor(status, told) { super([told.what, told.remedy].filter(Boolean).join('\n')); this.status = status; } }

  async function ask(path, body) {
    const headers = { 'x-scalebook-token': token };
    if (body) headers['content-type'] = 'application/json';
    const answer = await fetch('/api/' + path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store' });
    if (answer.ok) return answer;
    throw new Refused(answer.status, await answer.json().catch(() => ({ what: `The server answered ${answer.status}.` })));
  }
  const call = async (path, body) => (await ask(path, body)).json();

  class Panel extends HTMLElement {
    connectedCallback() {
      if (this.unit) return; // Moved, not new: the page around it was redrawn.
      this.unit = this.dataset.unit; this.shown = '';
      this.at = name => this.querySelector(`[data-${name}]`);
      this.form = this.querySelector('form'); this.button = this.form.querySelector('[type=submit]');
      this.form.onsubmit = e => { e.preventDefault(); this.start(); };
      this.at('cancel').onclick = () => this.cancel();
      this.load();
    }

    say(text) { const s = this.at('say'); if (s.textContent !== text) s.textContent = text; }
    trouble(error) {
      const t = this.at('trouble');
      t.hidden = !error;
      t.textContent = !error ? '' : error instanceof Refused ? error.message : 'The server does not answer. Is scalebook serve still running?';
      if (error) this.say(t.textContent);
    }

    async load() {
      try { this.info = await call('units/' + this.unit); } catch (error) { this.trouble(error); return; }
      const { engines, seconds, active, last, runs } = this.info, lacking = engines.filter(e => !e.found);
      this.at('about').textContent = lacking.length
        ? lacking.map(e => `${e.name} was not found: ${e.remedy || 'see scalebook doctor'}`).join(' ')
        : `${engines.length ? `Found: ${engines.map(e => e.label).join(', ')}. ` : ''}Nothing leaves this computer.`;
      for (const option of this.form.budget.options) {
        option.dataset.text ||= option.text.replace(/, about .*/, '');
        if (seconds[option.value]) option.text = `${option.dataset.text}, ${about(seconds[option.value])}`;
      }
      this.button.disabled = false;
      this.list(runs);
      if (active.length) return this.follow(active[0]);
      if (last && last.state !== 'finished') this.ended(last);
      else if (runs.length && !this.outcome) await this.compare(runs[0].run).catch(error => this.trouble(error));
    }

    order() {
      const f = this.form, settings = {};
      for (const input of f.querySelectorAll('[data-set]')) if (Number(input.value) !== Number(input.dataset.default)) settings[input.name] = Number(input.value);
      const text = f.points?.value, number = Number(text);
      return { unit: this.unit, budget: f.budget.value, points: text ? [Number.isNaN(number) ? text : number] : [], settings };
    }

    async start() {
      this.trouble(null); this.button.disabled = true;
      try { const job = await call('jobs', this.order()); this.at('outcome').hidden = true; this.follow(job); this.at('title').focus({ preventScroll: true }); }
      catch (error) { this.trouble(error); }
      this.button.disabled = false;
    }

    async cancel() {
      this.at('cancel').disabled = true; this.say('Cancelling: the engines are being stopped.');
      try { await call(`jobs/${this.job.id}/cancel`, {}); } catch (error) { this.trouble(error); this.at('cancel').disabled = false; }
    }

    // One job at a time is followed, to its end, through lost connections too
    async follow(job) {
      if (this.job && !this.job.over) return;
      this.seen = 0; this.rows = new Map(); this.begun = null;
      this.at('points').tBodies[0].replaceChildren(); this.at('log').replaceChildren();
      this.at('job').hidden = false; this.at('cancel').disabled = false;
      this.told(job);
      const tick = setInterval(() => this.time(), 1000);
      while (!this.job.over) {
        try { await this.stream(job.id); this.trouble(null); } catch (error) { this.trouble(error); if (error instanceof Refused) break; }
        if (!this.job.over) await pause(1000);
      }
      clearInterval(tick);
      if (this.job.over) { this.at('job').hidden = true; await this.over(this.job); }
    }

    async stream(id) {
      const reader = (await ask(`jobs/${id}/events?from=${this.seen}`)).body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done) return;
        const lines = (rest + value).split('\n'); rest = lines.pop();
        for (const line of lines) {
          const told = JSON.parse(line);
          if (told.job) this.told(told.job); else { this.seen = told.n + 1; this.happened(told); }
        }
      }
    }

    told(job) {
      this.job = job;
      const title = job.state === 'queued' ? `Waiting: ${many(job.ahead, 'run')} before this one${job.running ? `, now ${job.running}` : ''}` : 'Running: starting the engines';
      if (job.state === 'queued' || !this.begun) this.title(title, job.state === 'queued');
      this.time();
    }
    title(text, waits) { this.at('title').replaceChildren(...(waits ? [glyph('queued'), text] : [text])); if (waits || !this.begun) this.say(text); }

    time() {
      const bar = this.at('bar'), { state, started, budget, points, settings } = this.job;
      if (state !== 'running') { bar.removeAttribute('value'); this.at('time').textContent = 'Survives a reload.'; return; }
      const gone = Math.max(0, (Date.now() - Date.parse(started)) / 1000), plain = !points.length && !Object.keys(settings).length;
      const all = plain && this.info?.seconds[budget], rows = [...this.rows.values()];
      const share = all ? gone / all : rows.length ? rows.filter(r => r.done).length / (rows.length + 1) : 0;
      if (share) bar.value = Math.min(97, 100 * share); else bar.removeAttribute('value');
      this.at('time').textContent = `${clock(gone)} gone${all ? all > gone ? `, about ${clock(all - gone)} left` : ', longer than last time' : ''}. Survives a reload.`;
    }

    // Events of the run, as `scalebook run --events` tells them
    happened(e) {
      const at = e.point === undefined ? '' : named(e.point), claim = this.dataset.claim;
      if (e.event === 'run-started') { this.begun = Date.parse(e.time); e.points.forEach(p => this.row(p)); this.title('Running', false); }
      if (e.event === 'engine-ready') this.log(e, `${e.label || e.name} ready in ${nice(e.seconds)} s`);
      if (e.event === 'gate' && e.ok === false) this.log(e, `✗ ${e.name}: ${e.text}`);
      if (e.event === 'point-started') { this.title(`Running: ${at}, filling the engines`); this.row(e.point); this.log(e, `${at} begun`); }
      if (e.event === 'ratio' || e.event === 'pair') this.ratio(e, at);
      if (e.event === 'look') {
        const r = this.row(e.point); r.done = e.side !== 'undecided';
        r.side.textContent = r.done ? e.side : 'open';
        const text = r.done ? `${at}: ${e.side} ${claim || 'the claim'} after ${many(e.pairs, 'pair')}` : `${at}: still open after ${many(e.pairs, 'pair')}`;
        this.log(e, text); this.say(text);
      }
      if (e.event === 'native') this.log(e, `${at}: the engine alone was measured`);
      if (e.event === 'attempt') this.title(`Running: ${e.variant}, ${e.trial}`);
      if (e.event === 'promise') this.log(e, `“${e.promise}” on ${e.variant}: ${many(e.attempts, 'attempt')}, ${e.violations ? many(e.violations, 'violation') : 'kept'}`);
      if (e.event === 'caught') this.log(e, `${e.variant} breaks “${e.promise}” (seed ${e.seed})`);
      if (e.event === 'note') this.log(e, e.text);
      if (e.event === 'verdict') this.log(e, e.reason);
      if (e.event === 'error') this.log(e, e.what);
    }

    row(point) {
      const known = this.rows.get(point);
      if (known) return known;
      const row = { ratio: el('td', { className: 'r', textContent: 'waiting' }), pairs: el('td', { className: 'r', textContent: '0' }), side: el('td') };
      row.line = el('tr', { className: 'dim' }, el('td', { textContent: named(point) }), row.ratio, row.pairs, row.side);
      this.at('points').tBodies[0].append(row.line); this.rows.set(point, row);
      return row;
    }

    ratio(e, at) {
      const row = this.row(e.point);
      row.line.className = ''; row.pairs.textContent = e.pairs;
      if (e.value == null) row.ratio.textContent = ''; else {
        row.ratio.replaceChildren(el('span', { className: 'num', textContent: nice(e.value) + '×' }));
        if (e.low != null && e.high != null && e.pairs > 2) row.ratio.append(' ', el('span', { className: 'ci', textContent: `[${nice(e.low)}, ${nice(e.high)}]` }));
      }
      if (!row.done) row.side.textContent = 'measuring';
      this.title(`Running: ${at}, pair ${e.pairs}`); this.time();
    }

    log(e, text) {
      const list = this.at('log'), since = this.begun ? Math.max(0, (Date.parse(e.time) - this.begun) / 1000) : 0;
      list.prepend(el('li', { textContent: `${clock(since)}\u2002${text}` }));
      while (list.children.length > LINES) list.lastChild.remove();
    }

    // The end of a job: its numbers into the page, or why there are none
    async over(job) {
      if (job.state !== 'finished') { this.ended(job); await this.load(); return; }
      try {
        await this.compare(job.run);
        const why = await this.show(job.run);
        this.say(`Done: ${this.outcome}. ${why ? `The page keeps the reference: ${why}` : 'The numbers of this page are yours now'}.`);
      }
      catch (error) { this.trouble(error); }
      await this.load();
    }

    ended(job) {
      const kept = job.run ? ` What was measured is kept: scalebook results show ${job.run}` : '';
      const text = { cancelled: 'Cancelled.' + kept, interrupted: 'Interrupted: the server ended while this ran.' + kept, failed: 'Failed: ' + [job.problem, job.remedy].filter(Boolean).join('\n') }[job.state];
      const box = this.at('outcome');
      box.replaceChildren(el('p', { textContent: text })); box.hidden = false; this.say(text);
    }

    async compare(run) {
      const { html, word } = await call(`units/${this.unit}/runs/${run}`), box = this.at('outcome');
      box.replaceChildren(...parsed(html).body.childNodes); box.hidden = false; this.outcome = word;
    }

    list(runs) {
      const choice = (run, ...inside) => {
        const b = el('button', { type: 'button', onclick: () => (run ? this.compare(run) : Promise.resolve()).then(() => this.show(run)).catch(error => this.trouble(error)) }, ...inside);
        b.dataset.run = run; b.setAttribute('aria-pressed', String(run === this.shown)); return b;
      };
      const when = r => new Date(r.started).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
      this.at('runs').hidden = !runs.length;
      this.at('runs').replaceChildren('Numbers on this page:', choice('', 'the reference'),
        ...runs.map(r => choice(r.run, glyph(r.glyph), `yours, ${when(r)}, ${[r.budget, ...r.changed].join(', ')}: ${r.word}`)));
    }

    // Put the document of a run (or of the reference) around this panel, which stays where it is
    async show(run) {
      const { html, why } = await call(`units/${this.unit}/page${run ? '?run=' + run : ''}`);
      const fresh = document.importNode(parsed(html).getElementById('main'), true), place = fresh.querySelector('scalebook-run');
      if (!place) throw new Refused(0, { what: fresh.textContent.trim() });
      const top = this.getBoundingClientRect().top, focus = this.contains(document.activeElement) && document.activeElement;
      place.replaceWith(this);
      document.getElementById('main').replaceWith(fresh);
      window.scalebook.refresh(fresh);
      scrollBy({ top: this.getBoundingClientRect().top - top, behavior: 'instant' });
      if (focus) focus.focus({ preventScroll: true });
      this.shown = why ? '' : run;
      if (why) this.at('outcome').append(el('p', { className: 'dim', textContent: `The page keeps the numbers of the reference: ${why}.` }));
      for (const b of this.at('runs').querySelectorAll('button')) b.setAttribute('aria-pressed', String(b.dataset.run === this.shown));
      return why;
    }
  }
  customElements.define('scalebook-run', Panel);
})();
