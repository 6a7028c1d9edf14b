// The Run panel: asks the server to run a lab, follows it, and puts its numbers into the page.
(() => {
  'use strict';
  const KEY = 'scalebook.token', LINES = 9, { el, glyph, nice, refresh } = window.scalebook;
  const given = /^#token=([0-9a-f]{32})$/.exec(location.hash);
  let token = given ? given[1] : '';
  try { // storage may be forbidden
    if (given) sessionStorage.setItem(KEY, token); else token = sessionStorage.getItem(KEY) || '';
  } catch {}
  if (given) history.replaceState(null, '', location.pathname + location.search);

  const named = v => typeof v === 'number' ? v.toLocaleString('en') : String(v);
  const clock = s => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
  const about = s => s < 95 ? `about ${Math.max(1, Math.round(s))} s` : `about ${Math.round(s / 60)} min`;
  const many = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const lines = (...said) => said.filter(Boolean).join('\n');
  const parsed = html => new DOMParser().parseFromString(html, 'text/html');

  class Refused extends Error {}

  async function ask(path, body) {
    const headers = { 'x-scalebook-token': token, ...body && { 'content-type': 'application/json' } };
    const answer = await fetch('/api/' + path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store' });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({ what: `The server answered ${answer.status}.` }));
    throw new Refused(lines(told.what, told.remedy));
  }
  const call = async (path, body) => (await ask(path, body)).json();

  // What the log says of an event
  const LOG = {
    'engine-ready': e => `${e.label || e.name} ready in ${nice(e.seconds)} s`,
    gate: e => e.ok === false && `✗ ${e.name}: ${e.text}`,
    'point-started': (e, at) => `${at} begun`,
    look: (e, at, claim) => at + (e.side === 'undecided' ? ': still open' : `: ${e.side} ${claim || 'the claim'}`) + ` after ${many(e.pairs, 'pair')}`,
    native: (e, at) => `${at}: the engine alone was measured`,
    promise: e => `“${e.promise}” on ${e.variant}: ${many(e.attempts, 'attempt')}, ${e.violations ? many(e.violations, 'violation') : 'kept'}`,
    caught: e => `${e.variant} breaks “${e.promise}” (seed ${e.seed})`,
    note: e => e.text, verdict: e => e.reason, error: e => e.what,
  };

  class Panel extends HTMLElement {
    connectedCallback() {
      if (this.unit) return; // Moved, not new: the page around it was redrawn.
      this.unit = this.dataset.unit; this.shown = '';
      this.at = name => this.querySelector(`[data-${name}]`);
      this.box = this.at('outcome'); this.form = this.querySelector('form'); this.button = this.querySelector('[type=submit]');
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
      try { this.info = await call('units/' + this.unit); } catch (error) { return this.trouble(error); }
      const { engines, seconds, active, last, runs } = this.info, lacking = engines.filter(e => !e.found);
      this.at('about').textContent = lacking.length
        ? lacking.map(e => `${e.name} was not found: ${e.remedy || 'see scalebook doctor'}`).join(' ')
        : `${engines.length ? `Found: ${engines.map(e => e.label).join(', ')}. ` : ''}Nothing leaves this computer.`;
      for (const option of this.form.budget.options) {
        const all = seconds[option.value];
        if (all) option.text = `${option.text.replace(/, about .*/, '')}, ${about(all)}`;
      }
      this.button.disabled = false;
      this.list(runs);
      if (active.length) this.follow(active[0]);
      else if (last && last.state !== 'finished') this.ended(last);
      else if (runs.length && !this.outcome) this.compare(runs[0].run).catch(error => this.trouble(error));
    }

    order() {
      const settings = {}, text = this.form.points?.value;
      for (const input of this.querySelectorAll('[data-set]')) if (+input.value !== +input.dataset.default) settings[input.name] = +input.value;
      return { unit: this.unit, budget: this.form.budget.value, points: text ? [isNaN(text) ? text : +text] : [], settings };
    }

    async start() {
      this.trouble(null); this.button.disabled = true;
      try { const job = await call('jobs', this.order()); this.box.hidden = true; this.follow(job); this.at('title').focus({ preventScroll: true }); }
      catch (error) { this.trouble(error); }
      this.button.disabled = false;
    }

    async cancel() {
      this.at('cancel').disabled = true; this.say('Cancelling: the engines are being stopped.');
      try { await call(`jobs/${this.job.id}/cancel`, {}); } catch (error) { this.trouble(error); this.at('cancel').disabled = false; }
    }

    // To its end, through lost connections too
    async follow(job) {
      if (this.job && !this.job.over) return;
      this.seen = 0; this.rows = new Map(); this.begun = null;
      this.at('points').tBodies[0].replaceChildren(); this.at('log').replaceChildren();
      this.at('job').hidden = false; this.at('cancel').disabled = false;
      this.told(job);
      const tick = setInterval(() => this.time(), 1000);
      while (!this.job.over) {
        try { await this.stream(job.id); this.trouble(null); } catch (error) { this.trouble(error); if (error instanceof Refused) break; }
        if (!this.job.over) await new Promise(done => setTimeout(done, 1000));
      }
      clearInterval(tick);
      if (!this.job.over) return;
      this.at('job').hidden = true;
      await this.finish(this.job);
    }

    async stream(id) {
      const reader = (await ask(`jobs/${id}/events?from=${this.seen}`)).body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done) return;
        const whole = (rest + value).split('\n'); rest = whole.pop();
        for (const line of whole) {
          const told = JSON.parse(line);
          if (told.job) this.told(told.job); else { this.seen = told.n + 1; this.happened(told); }
        }
      }
    }

    told(job) {
      this.job = job;
      if (job.state === 'queued') {
        const text = `Waiting: ${many(job.ahead, 'run')} before this one${job.running ? `, now ${job.running}` : ''}`;
        this.title(glyph('queued'), text); this.say(text);
      } else if (!this.begun) { this.title('Running: starting the engines'); this.say('Running'); }
      this.time();
    }
    title(...said) { this.at('title').replaceChildren(...said); }

    time() {
      const bar = this.at('bar'), out = this.at('time'), { state, started, budget, points, settings } = this.job;
      if (state !== 'running') { bar.removeAttribute('value'); out.textContent = 'Survives a reload.'; return; }
      const gone = Math.max(0, (Date.now() - Date.parse(started)) / 1000), rows = [...this.rows.values()];
      const all = !points.length && !Object.keys(settings).length && this.info?.seconds[budget];
      const share = all ? gone / all : rows.length && rows.reduce((s, r) => s + (r.done ? 1 : Math.min(.9, r.pairs.textContent / 9)), 0) / (rows.length + 1);
      if (share) bar.value = Math.min(97, 100 * share); else bar.removeAttribute('value');
      out.textContent = `${clock(gone)} gone${all ? all > gone ? `, about ${clock(all - gone)} left` : ', longer than last time' : ''}. Survives a reload.`;
    }

    happened(e) {
      const name = e.event, at = e.point === undefined ? '' : named(e.point);
      if (name === 'run-started') { this.begun = Date.parse(e.time); e.points.forEach(p => this.row(p)); }
      if (name === 'point-started') { this.title(`Running: ${at}, filling the engines`); this.row(e.point); }
      if (name === 'ratio' || name === 'pair') this.ratio(e, at);
      if (name === 'attempt') this.title(`Running: ${e.variant}, ${e.trial}`);
      const text = LOG[name]?.(e, at, this.dataset.claim);
      if (text) this.log(e, text);
      if (name === 'look') {
        const r = this.row(e.point); r.done = e.side !== 'undecided';
        r.side.textContent = r.done ? e.side : 'open'; this.say(text);
      }
    }

    row(point) {
      const known = this.rows.get(point);
      if (known) return known;
      const right = text => el('td', { className: 'r', textContent: text }), row = { ratio: right('waiting'), pairs: right('0'), side: el('td') };
      row.line = el('tr', { className: 'dim' }, el('td', { textContent: named(point) }), row.ratio, row.pairs, row.side);
      this.at('points').tBodies[0].append(row.line); this.rows.set(point, row);
      return row;
    }

    ratio(e, at) {
      const row = this.row(e.point);
      row.line.className = ''; row.pairs.textContent = e.pairs; row.ratio.replaceChildren();
      if (e.value != null) {
        row.ratio.append(el('span', { className: 'num', textContent: nice(e.value) + '×' }));
        if (e.low != null && e.high != null && e.pairs > 2) row.ratio.append(' ', el('span', { className: 'ci', textContent: `[${nice(e.low)}, ${nice(e.high)}]` }));
      }
      if (!row.done) row.side.textContent = 'measuring';
      this.title(`Running: ${at}, pair ${e.pairs}`); this.time();
    }

    log(e, text) {
      const list = this.at('log'), since = this.begun ? Math.max(0, (Date.parse(e.time) - this.begun) / 1000) : 0;
      list.prepend(el('li', { textContent: `${clock(since)}\u2002${text}` }));
      if (list.children.length > LINES) list.lastChild.remove();
    }

    async finish(job) {
      if (job.state !== 'finished') this.ended(job); else {
        try {
          await this.compare(job.run);
          const why = await this.show(job.run);
          this.say(`Done: ${this.outcome}. ${why ? 'The page keeps the reference' : 'The numbers of this page are yours now'}.`);
        } catch (error) { this.trouble(error); }
      }
      await this.load();
    }

    ended({ state, run, problem, remedy }) {
      const kept = run ? ` What was measured is kept: scalebook results show ${run}` : '';
      const text = { cancelled: 'Cancelled.' + kept, interrupted: 'Interrupted: the server ended while this ran.' + kept, failed: lines('Failed: ' + problem, remedy) }[state];
      this.box.replaceChildren(el('p', { textContent: text })); this.box.hidden = false; this.say(text);
    }

    async compare(run) {
      const { html, word } = await call(`units/${this.unit}/runs/${run}`);
      this.box.replaceChildren(...parsed(html).body.childNodes); this.box.hidden = false; this.outcome = word;
    }

    list(runs) {
      const choice = (run, ...inside) => {
        const onclick = async () => { try { if (run) await this.compare(run); await this.show(run); } catch (error) { this.trouble(error); } };
        const b = el('button', { type: 'button', onclick, ariaPressed: run === this.shown }, ...inside);
        b.dataset.run = run; return b;
      };
      const when = r => new Date(r.started).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
      this.at('runs').hidden = !runs.length;
      this.at('runs').replaceChildren('Numbers on this page:', choice('', 'the reference'),
        ...runs.map(r => choice(r.run, glyph(r.glyph), `yours, ${when(r)}, ${[r.budget, ...r.changed].join(', ')}: ${r.word}`)));
    }

    // Put the document of a run around this panel, which stays where it is
    async show(run) {
      const { html, why } = await call(`units/${this.unit}/page${run && '?run=' + run}`);
      const fresh = document.importNode(parsed(html).getElementById('main'), true), place = fresh.querySelector('scalebook-run');
      if (!place) throw new Refused(fresh.textContent.trim());
      const top = this.getBoundingClientRect().top, focus = this.contains(document.activeElement) && document.activeElement;
      place.replaceWith(this);
      document.getElementById('main').replaceWith(fresh);
      refresh(fresh);
      scrollBy({ top: this.getBoundingClientRect().top - top, behavior: 'instant' });
      if (focus) focus.focus({ preventScroll: true });
      this.shown = why ? '' : run;
      if (why) this.box.append(el('p', { className: 'dim', textContent: `The page keeps the numbers of the reference: ${why}.` }));
      for (const b of this.at('runs').querySelectorAll('button')) b.ariaPressed = b.dataset.run === this.shown;
      return why;
    }
  }
  customElements.define('scalebook-run', Panel);

  // The reader's progress: a page read to its end, a guess, and on the first page what was done
  const tell = note => call('progress', note).catch(() => {}); // reading goes on where it cannot be kept
  addEventListener('scalebook-guess', e => tell(e.detail));
  const unit = document.querySelector('.page')?.dataset.unit, end = document.querySelector('#asked, #sources') || document.querySelector('.foot');
  if (unit && token) {
    const seen = new IntersectionObserver(entries => { if (entries.some(e => e.isIntersecting)) { seen.disconnect(); tell({ unit }); } });
    seen.observe(end);
  }
  const walked = document.querySelectorAll('[data-walked]');
  if (walked.length && token) call('progress').then(({ units }) => {
    const done = new Map(units.map(one => [one.unit, one]));
    for (const item of walked) {
      const one = done.get(item.dataset.walked); if (!one) continue;
      const marks = [
        one.read && ['was-read', 'read to its end'],
        one.predicted && ['was-guessed', `guessed, ${nice(one.predicted.factor_off)}× off`],
        one.runs && ['was-run', 'run on this machine'],
        one.passed && ['kept', 'exercise passed'],
      ].filter(Boolean).map(([name, title]) => {
        const mark = el('span', { title, ariaLabel: title }, glyph(name));
        mark.setAttribute('role', 'img');
        return mark;
      });
      if (marks.length) item.querySelector('br').before(el('span', { className: 'walked' }, ...marks));
    }
  }).catch(() => {});
})();
