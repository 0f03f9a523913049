// The page: its tabs, its header, and what stands where a tab has no model. A new tab is a line here and two files in tabs/, which come when it is opened.

import { apiEvents, hasKey, loadPart, needsKey, setKey, unreachable } from './lib/api.js';
import { codePanel } from './lib/code.js';
import { field, h, replace } from './lib/dom.js';
import { modelPicker, models } from './lib/models.js';
import { clearProblem, showProblem } from './lib/problem.js';
import { popover } from './lib/tokens.js';

/**
 * @typedef {object} Tab
 * @property {string} id names its address (#id) and its files: tabs/{id}.css, and tabs/{id}.js whose default export is its Render
 * @property {string} title
 * @property {string[]} kinds of models of which one must be served for the tab to work; empty for none
 * @property {boolean} [optional] whether the tab is not there without such a model; otherwise it says how to come by one
 *
 * @typedef {(root: HTMLElement, context: Context) => Hooks | void} Render called once, when a model of the tab's kinds is ready
 *
 * @typedef {object} Context
 * @property {(onChange?: (card: object) => void) => ReturnType<typeof modelPicker>} picker a choice of the tab's models
 * @property {(id: string, what?: object) => void} open goes to another tab, and hands something over
 *
 * @typedef {object} Hooks
 * @property {() => void} [enter] called whenever the tab comes into view
 * @property {() => void} [leave] called whenever it goes out of view
 * @property {(what: object) => void} [receive] takes what another tab hands over, such as { text, model }
 */

/** @type {Tab[]} */
const tabs = [
    { id: 'write', title: 'Write', kinds: ['language_model'] },
    { id: 'judge', title: 'Judge', kinds: ['classifier'] },
    { id: 'tag', title: 'Tag', kinds: ['tagger'] },
    { id: 'translate', title: 'Translate', kinds: ['translator'], optional: true },
    { id: 'music', title: 'Music', kinds: ['music'], optional: true },
    { id: 'numbers', title: 'Speech and numbers', kinds: ['numbers'], optional: true },
    { id: 'inside', title: 'Look inside', kinds: ['language_model', 'classifier', 'tagger'] },
    { id: 'service', title: 'Models and service', kinds: [] },
];

const needs = {
    language_model: ['a language model', 'rnn train --task language_model --train texts.txt --output models/mine'],
    classifier: ['a classifier', 'rnn train --task classifier --train texts.csv --output models/mine'],
    tagger: ['a tagger', 'rnn train --task tagger --train words.conll --output models/mine'],
};

const views = new Map(tabs.map(tab => [tab.id, view(tab)]));
let current = null;

function view(tab) {
    const button = h('button', {
        type: 'button', role: 'tab', id: `tab-${tab.id}`, hidden: tab.optional, 'aria-controls': `panel-${tab.id}`, 'aria-selected': 'false', tabindex: -1, onclick: () => open(tab.id),
    }, tab.title);
    const panel = h('section', { role: 'tabpanel', id: `panel-${tab.id}`, 'aria-labelledby': button.id, class: `panel ${tab.id}`, hidden: true });
    return { tab, button, panel, render: null, hooks: null, problem: null, handed: null };
}

/** Shows a tab, and hands something to it. */
function open(id, what = null) {
    const next = views.get(id) ?? views.get(tabs[0].id);
    popover.hide();
    next.handed = what;
    if (current !== next) {
        current?.hooks?.leave?.();
        current = next;
        for (const { button, panel } of views.values()) {
            const shown = panel === next.panel;
            panel.hidden = !shown;
            button.setAttribute('aria-selected', String(shown));
            button.tabIndex = shown ? 0 : -1;
        }
        next.button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        history.replaceState(null, '', `#${next.tab.id}`);
        document.title = `${next.tab.title} – RnnService playground`;
        next.hooks?.enter?.();
        if (next.render === null)
            load(next);
    }
    fill();
}

/** Gets the files of a tab. */
async function load(view) {
    const { tab: { id }, panel } = view;
    if (panel.ariaBusy === 'true')
        return; // they are on their way since it was last in view
    view.problem = null;
    panel.setAttribute('aria-busy', 'true');
    try {
        const [{ default: render }] = await Promise.all([import(`./tabs/${id}.js`), loadPart('link', `tabs/${id}.css`)]);
        view.render = render;
    } catch (error) {
        if (error instanceof SyntaxError)
            throw error;
        view.problem = unreachable('The service does not answer.');
    } finally {
        panel.removeAttribute('aria-busy');
    }
    if (view === current)
        fill();
}

/** A service that does not list its models answers by its default ones; of those only the usual ones are taken for granted. */
const isServed = tab => tab.kinds.length === 0 || !(tab.optional && models.unlisted) && models.of(...tab.kinds).length > 0;

/** Renders what is shown once its files and a model are there, and hands over what waits; until then it says what it waits for. */
function fill() {
    const { tab, panel, render, problem } = current;
    if (current.hooks === null) {
        if (problem)
            showProblem(panel, problem, { retry: () => load(views.get(tab.id)) });
        else if (render === null)
            return;
        else if (isServed(tab)) {
            clearProblem(panel);
            current.hooks = render(panel, { open, picker: onChange => modelPicker(tab.id, tab.kinds, onChange) }) ?? {};
            current.hooks.enter?.();
        } else
            wait(current);
    }
    if (current.hooks !== null && current.handed !== null) {
        current.hooks.receive?.(current.handed);
        current.handed = null;
    }
}

/** Says why a tab cannot work yet. */
function wait({ tab, panel }) {
    if (models.loading && !models.problem)
        replace(panel, h('p', { class: 'notice loading', role: 'status' }, 'The models are being loaded …'));
    else if (models.problem)
        showProblem(panel, models.problem, { retry: () => models.refresh() });
    else
        replace(panel, missing(tab));
}

function missing(tab) {
    const broken = models.all().filter(card => card.status === 'broken');
    const names = tab.kinds.map(kind => needs[kind][0]);
    return h('div', { class: 'card' },
        h('h2', null, `No ${names.join(' or ').replace(/\ban? /g, '')} is served`),
        h('p', null, `“${tab.title}” shows what ${names.join(' or ')} does. Train one on your own data and start the service again; it appears here by itself:`),
        h('pre', { tabindex: 0 }, h('code', null, tab.kinds.map(kind => needs[kind][1]).join('\n'))),
        broken.length > 0 && h('p', null, `${broken.length === 1 ? 'One folder' : `${broken.length} folders`} could not be loaded. `,
            h('button', { type: 'button', class: 'link', onclick: () => open('service') }, 'See why')));
}

function tabKeys(event) {
    const ids = tabs.map(tab => tab.id).filter(id => !views.get(id).button.hidden);
    const at = ids.indexOf(current.tab.id);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + ids.length, Home: 0, End: ids.length - 1 }[event.key];
    if (next === undefined)
        return;
    event.preventDefault();
    open(ids[next % ids.length]);
    current.button.focus();
}

function modelsChanged() {
    let moved = false;
    for (const { tab, button } of views.values()) {
        const unserved = models.settled && !isServed(tab), hidden = Boolean(tab.optional) && !isServed(tab);
        moved ||= button.hidden !== hidden;
        button.hidden = hidden;
        button.classList.toggle('unserved', unserved);
        button.title = unserved && !tab.optional ? `Needs ${tab.kinds.map(kind => needs[kind][0]).join(' or ')}` : '';
    }

    if (current.button.hidden && !models.loading)
        open(tabs[0].id); // its address is known, but nothing here answers it
    if (moved)
        current.button.scrollIntoView({ block: 'nearest', inline: 'nearest' });

    fill();
    showState();
}

const state = h('span', { class: 'state', role: 'status' });

function showState() {
    const { problem } = models;
    const [kind, text] = problem && !models.unlisted ? ['gone', problem.type === 'unreachable' ? 'not reachable' : needsKey(problem) ? 'needs a key' : 'not answering']
        : models.loading ? ['loading', 'loading models'] : ['ready', 'ready'];
    state.className = `state ${kind}`;
    state.textContent = text;
}

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const themeKey = 'rnn-playground:theme';

function themeButton() {
    const root = document.documentElement;
    const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : systemIsDark.matches;
    const button = h('button', { type: 'button', class: 'quiet', onclick: toggle });
    const draw = () => {
        button.textContent = isDark() ? 'Light' : 'Dark';
        button.setAttribute('aria-label', `${button.textContent} theme`);
        dispatchEvent(new Event('themechange'));
    };

    function toggle() {
        const wanted = isDark() ? 'light' : 'dark';
        if ((wanted === 'dark') === systemIsDark.matches)
            delete root.dataset.theme;
        else
            root.dataset.theme = wanted;
        try {
            localStorage.setItem(themeKey, root.dataset.theme ?? '');
        } catch {
            // Without storage the theme holds until the page is left.
        }
        draw();
    }

    try {
        const stored = localStorage.getItem(themeKey);
        if (stored)
            root.dataset.theme = stored;
    } catch {
        // The system's theme it is.
    }
    systemIsDark.addEventListener('change', draw);
    draw();
    return button;
}

function keyField() {
    const input = h('input', { type: 'password', autocomplete: 'off', spellcheck: 'false' });
    const form = h('form', { class: 'key-form', hidden: true, onsubmit: save },
        field('Key', input, 'Sent with every call; forgotten when this browser tab is closed.'), h('button', { class: 'primary' }, 'Use it'));
    const button = h('button', { type: 'button', class: 'quiet', 'aria-expanded': 'false', onclick: () => show(form.hidden) }, hasKey() ? 'Key set' : 'Key');

    function show(shown) {
        form.hidden = !shown;
        button.setAttribute('aria-expanded', String(shown));
        if (shown)
            input.focus();
    }

    function save(event) {
        event.preventDefault();
        setKey(input.value);
        input.value = '';
        button.textContent = hasKey() ? 'Key set' : 'Key';
        show(false);
        button.focus();
        models.refresh();
    }

    apiEvents.addEventListener('key', () => show(true));
    return [button, form];
}

function start() {
    for (const { button, panel } of views.values()) {
        document.getElementById('tabs').append(button);
        document.getElementById('main').append(panel);
    }

    const bar = document.getElementById('tabs');
    bar.setAttribute('role', 'tablist');
    bar.setAttribute('aria-label', 'What to try');
    bar.addEventListener('keydown', tabKeys);
    const [keyButton, keyForm] = keyField();
    document.getElementById('tools').append(state, keyButton, themeButton());
    bar.before(keyForm);
    document.getElementById('footer').prepend(codePanel());
    addEventListener('hashchange', () => open(location.hash.slice(1)));
    models.addEventListener('change', modelsChanged);
    showState();
    open(location.hash.slice(1));
    models.watch();
}

start();
