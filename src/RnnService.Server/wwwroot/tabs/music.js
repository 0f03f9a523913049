// Music: a language model that has read tunes in ABC notation writes one, which is drawn as notes and played.

import { isAbort, post, stream } from '../lib/api.js';
import { announce, copyButton, debounce, download, field, h, kept, select } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';
import { plural } from '../lib/text.js';
import { drawTune } from '../lib/tune.js';
import { control } from './control.js';
import { tunePlayer } from './music-player.js';

const tonics = ['C', 'G', 'D', 'A', 'E', 'B', 'F#', 'F', 'Bb', 'Eb', 'Ab'];
const modes = [['', 'major'], ['m', 'minor'], ['dor', 'Dorian'], ['mix', 'Mixolydian'], ['phr', 'Phrygian'], ['lyd', 'Lydian']];
const metres = ['2/4', '3/4', '4/4', '2/2', '6/8', '9/8'];
const knobs = [
    { name: 'temperature', label: 'Temperature', hint: 'less is plainer, more is wilder', type: 'range', min: 0.1, max: 1.5, step: 0.05 },
    { name: 'seed', label: 'Seed', hint: 'the same seed gives the same tune; empty draws one', type: 'number', min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
];
const longest = 1200; // characters; a tune ends by itself long before
const endOfTune = '\n\n';
const abcGrammar = { type: 'abc' };

/** Seen in print, a flat looks like one. */
const pretty = tonic => tonic.replace('#', '♯').replace(/b$/, '♭');

export default function render(root, context) {
    const state = kept('music', { tonic: 'G', mode: '', metre: '6/8', temperature: 0.8, seed: '', held: false, abc: '', about: '' });
    const { value } = state;
    const picker = context.picker();
    let running = null, tune = null, drawing = 0, wanted = 0;

    const choice = (label, options, name) => field(label, select(options, value[name], picked => {
        value[name] = picked;
        changed();
    }));
    const mode = choice('Mode', modes, 'mode');
    const held = h('input', { type: 'checkbox', checked: value.held, onchange: ({ target }) => { value.held = target.checked; changed(); } });
    const go = h('button', { type: 'button', class: 'primary', onclick: () => running ? running.abort() : write() });
    const problems = h('div');

    const player = tunePlayer(show);
    const notes = h('div', { class: 'notes' });
    const abc = h('textarea', { class: 'code', rows: 9, spellcheck: 'false', dir: 'ltr', value: value.abc, oninput: edited });
    const playButton = h('button', { type: 'button', onclick: () => player.playing ? player.stop() : player.play() });
    const speed = h('input', { type: 'range', min: 0.5, max: 1.5, step: 0.05, value: 1, oninput: ({ target }) => player.speed = Number(target.value) });
    const status = h('p', { class: 'muted number', role: 'status' });
    const saves = [
        h('button', { type: 'button', class: 'quiet', onclick: () => download('tune.abc', `${value.abc.trim()}\n`, 'text/vnd.abc') }, 'Save .abc'),
        h('button', { type: 'button', class: 'quiet', onclick: () => download('tune.mid', new Blob([tune.midi()], { type: 'audio/midi' })) }, 'Save .mid'),
        copyButton(() => value.abc.trim(), 'Copy ABC'),
    ];
    const section = h('section', { class: 'card stack', 'aria-label': 'Tune', hidden: true },
        h('div', { class: 'row' }, playButton, h('div', { class: 'speed' }, field('Speed', speed)), saves), notes, status, field('ABC notation', abc, 'Change it, and the notes follow.'));

    function changed() {
        state.save();
        show();
    }

    const keyOf = () => value.tonic && value.tonic + value.mode;
    const parameters = () => ({ temperature: value.temperature, ...value.seed !== '' && { seed: value.seed }, ...value.held && { grammar: abcGrammar } });

    /** What the tune begins with; what is left open the model writes, and ABC has the metre before the key. */
    async function header(call) {
        const first = 'X:1\n', key = keyOf() && `K:${keyOf()}\n`;
        if (value.metre)
            return `${first}M:${value.metre}\nL:1/${value.metre === '2/4' ? 16 : 8}\n${key || 'K:'}`;
        if (!key)
            return first;
        const { generated_text: written } = await post('generate', {
            model: picker.card.name, inputs: first, parameters: { ...parameters(), max_new_tokens: 40, stop: ['K:'] },
        }, { ...call, remember: false });
        const fields = written.split('K:')[0];
        return first + (/^M:.*\n(L:.*\n)?$/.test(fields) ? fields : 'M:4/4\nL:1/8\n') + key;
    }

    async function write() {
        clearProblem(problems);
        player.load(null);
        running = new AbortController();
        const call = { signal: running.signal, retry: true, onWait: showWait(problems) };
        const began = performance.now();
        let tokens = 0;
        show('');
        try {
            value.abc = await header(call);
            await stream('generate_stream', {
                model: picker.card.name, inputs: value.abc, parameters: { ...parameters(), max_new_tokens: longest, stop: [endOfTune] },
            }, {
                ...call,
                onEvent({ token, details }) {
                    if (tokens++ === 0)
                        clearProblem(problems);
                    value.abc += token.special ? '' : token.text;
                    if (details)
                        value.about = `; seed ${details.seed}`;
                    draw();
                },
            });
        } catch (problem) {
            if (!isAbort(problem))
                showProblem(problems, problem, { retry: write });
        }

        running = null;
        value.about = `${plural(tokens, 'token')} in ${Math.round(performance.now() - began)} ms${value.about}`;
        await draw();
        state.save();
        announce(`The tune is written: ${plural(tune?.notes.length ?? 0, 'note')}`);
    }

    const drawSoon = debounce(() => running || draw(), 200);

    function edited() {
        value.abc = abc.value;
        value.about = '';
        state.save();
        drawSoon();
    }

    /** Draws what there is of the tune, once a frame at most; of one that is being written the whole bars. */
    function draw() {
        wanted++;
        return drawing ||= drawAll().finally(() => drawing = 0);
    }

    async function drawAll() {
        let drawn = 0;
        try {
            while (drawn < wanted) {
                drawn = wanted;
                await new Promise(requestAnimationFrame);
                if (abc.value !== value.abc)
                    abc.value = value.abc;
                const part = running ? /^[^]*\|/.exec(value.abc)?.[0] : value.abc.split(endOfTune)[0];
                tune = part?.trim() ? await drawTune(notes, part) : null;
            }
        } catch (problem) {
            showProblem(problems, problem, { retry: draw });
        }
        if (!tune)
            notes.replaceChildren();
        if (!running)
            player.load(tune);
        show();
    }

    function show() {
        const silent = running !== null || !tune?.notes.length;
        section.hidden &&= value.abc === '' && !running; // who empties the field is writing into it
        section.setAttribute('aria-busy', String(running !== null));
        go.textContent = running ? 'Stop' : 'Write a tune';
        playButton.textContent = player.playing ? 'Pause' : 'Play';
        playButton.disabled = saves[1].disabled = silent;
        abc.readOnly = running !== null;
        mode.querySelector('select').disabled = value.tonic === '';
        status.textContent = running ? 'Writing …' : tune === null ? '' : [
            plural(tune.notes.length, 'note'), `${tune.seconds.toFixed(0)} s`, value.about, tune.unread > 0 && `${plural(tune.unread, 'character')} of it are no ABC`,
        ].filter(Boolean).join('; ');
    }

    const width = new ResizeObserver(() => value.abc && drawSoon());
    width.observe(section);
    root.append(
        h('div', { class: 'card stack' }, picker.element,
            h('div', { class: 'choices' },
                choice('Key', [['', 'any'], ...tonics.map(tonic => [tonic, pretty(tonic)])], 'tonic'), mode,
                choice('Metre', [['', 'any'], ...metres], 'metre'),
                knobs.map(knob => control(knob, value, changed))),
            h('div', { class: 'row' }, go, h('label', { class: 'check' }, held, 'Whole bars only'))),
        problems, section);
    if (value.abc !== '')
        draw();
    show();
    return { leave: () => player.stop() };
}
