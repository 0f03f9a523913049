// Write: a language model goes on from a text, and from any of its tokens in another direction.

import { debounce, h, kept, replace } from '../lib/dom.js';
import { percent, visibleForm } from '../lib/text.js';
import { branchCard, paintSurprise } from './write-branch.js';
import { knobControls, knobDefaults, parametersOf } from './write-knobs.js';
import { promptField } from './write-suggest.js';
import { showStarters, textForModel } from './starters.js';

export default function render(root, context) {
    const state = kept('write', { prompt: '', suggest: false, knobs: { ...knobDefaults } });
    const tree = kept('branches', { branches: [], last: 0 });
    const { value } = state;
    const { value: { branches: all } } = tree;
    const saveSoon = debounce(state.save, 300);
    const cards = new Map();
    const starters = h('div', { class: 'starters row' });
    const branches = h('div', { class: 'branches' });
    const closed = h('div', { role: 'status' });
    let before = null;

    const picker = context.picker(card => {
        prompt.set(textForModel(value.prompt, before, card));
        modelPicked(card);
    });
    const prompt = promptField({ card: () => picker.card, state: value, changed: saveSoon, submit: write });
    const knobs = knobControls(value.knobs, saveSoon);

    function modelPicked(card) {
        before = card;
        showStarters(starters, card, text => {
            prompt.set(text);
            prompt.focus();
        });
    }

    function save() {
        state.save();
        saveBranches();
    }

    /** Where all does not fit, the texts are kept without what else could have stood in them. */
    function saveBranches() {
        if (tree.save())
            return;
        for (const branch of all)
            branch.tokens.forEach(token => token.length = 2);
        tree.save();
    }

    /** A new branch from the prompt. */
    function write() {
        if (value.prompt !== '')
            add({ model: picker.card.name, prompt: value.prompt, tokens: [], marks: [], chosen: null, from: '' }).generate();
        else
            prompt.focus();
    }

    function add(fields) {
        const branch = { id: ++tree.value.last, ending: '', seed: null, ...fields };
        all.push(branch);
        const card = show(branch);
        card.element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        return card;
    }

    function show(branch) {
        const card = branchCard(branch, {
            parameters: () => parametersOf(value.knobs),
            changed: saveBranches,
            fork: (prefix, alternative) => fork(branch, prefix, alternative),
            close: () => close(branch),
            inspect: text => context.open('inside', { text, model: branch.model }),
        });
        cards.set(branch, card);
        branches.append(card.element);
        return card;
    }

    /** Goes on in a new branch with another token in the place of the one after the prefix. */
    function fork(branch, prefix, [text, logprob]) {
        const [, , top] = branch.tokens[prefix];
        const tokens = [...branch.tokens.slice(0, prefix), [text, logprob, top]];
        const { model, prompt: start, id } = branch;
        const left = { model, prompt: start, tokens, marks: [prefix], chosen: prefix, from: `from ${id} with “${visibleForm(text)}”` };
        const card = add(left);
        if (text === '')
            card.end('eos_token');
        else
            card.generate();
        card.focusText();
    }

    function close(branch) {
        const at = all.indexOf(branch);
        const next = branches.children[at + 1];
        all.splice(at, 1);
        cards.get(branch).element.remove();
        cards.delete(branch);
        saveBranches();
        replace(closed, h('p', { class: 'row' }, `Branch ${branch.id} is closed.`, h('button', { type: 'button', class: 'link', onclick: bringBack }, 'Bring it back')));
        closed.querySelector('button').focus({ preventScroll: true });

        function bringBack() {
            all.splice(at, 0, branch);
            const card = show(branch);
            branches.insertBefore(card.element, next?.isConnected ? next : null);
            closed.replaceChildren();
            card.focusText();
            saveBranches();
        }
    }

    addEventListener('pagehide', save);
    if (value.prompt === '')
        prompt.set(picker.card.examples[0] ?? '');
    modelPicked(picker.card);
    all.forEach(show);
    root.append(
        h('div', { class: 'card stack' }, picker.element, prompt.element, starters, knobs,
            h('div', { class: 'row' }, h('button', { type: 'button', class: 'primary', title: 'Control and Enter', onclick: write }, 'Write'), legend())),
        closed, branches);
    return {
        leave() {
            prompt.stop();
            save();
        },
        receive({ text, model }) {
            picker.pick(model);
            prompt.set(text);
            prompt.focus();
        },
    };
}

function legend() {
    const steps = [1, 0.4, 0.15, 0.05, 0.01];
    return h('p', { class: 'legend' }, 'Colour: how unexpected a token was to the model. Likely',
        steps.map(probability => paintSurprise(h('span', { class: 'swatch' }, percent(probability)), Math.log(probability))), 'surprising');
}
