// Judge: a text's labels and why, two texts side by side, a file of texts.

import { h, kept, replace } from '../lib/dom.js';
import { modelPicker } from '../lib/models.js';
import { percent } from '../lib/text.js';
import { judgePanel } from './judge-panel.js';
import { fileJudge } from './judge-file.js';
import { textForModel } from './starters.js';

const state = kept('judge', { texts: [null, null], compare: false });

export default { id: 'judge', title: 'Judge', tasks: ['classifier'], styles: true, render };

function render(root) {
    const picker = modelPicker('judge', ['classifier'], modelChanged);
    let card = picker.card;
    const panels = [];
    const place = h('div', { class: 'columns' });
    const difference = h('p', { class: 'judge-difference', role: 'status' });
    const toggle = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => compare(!state.value.compare) }, 'Compare with another text');
    const file = fileJudge(() => card);

    function addPanel() {
        const index = panels.length;
        const text = textForModel(state.value.texts[index], null, index === 0 ? card : null);
        const panel = judgePanel({
            title: index === 0 ? 'Text' : 'Other text',
            text,
            card: () => card,
            onText: typed => {
                state.value.texts[index] = typed;
                state.save();
            },
            onAnswer: answered,
        });
        panels.push(panel);
        place.append(panel.element);
        panel.showStarters();
        panel.ask();
        return panel;
    }

    /** One scale of colours for both texts, and what sets them apart in a sentence. */
    function answered() {
        const strongest = Math.max(...panels.map(panel => panel.strongest));
        panels.forEach(panel => panel.paint(strongest));
        const [first, second] = panels.map(panel => panel.answer);
        replace(difference, first && second && sayDifference(first.labels, second.labels));
    }

    function compare(on) {
        state.value.compare = on;
        state.save();
        toggle.setAttribute('aria-pressed', String(on));
        if (on)
            addPanel();
        else {
            const panel = panels.pop();
            panel.dispose();
            panel.element.remove();
            answered();
        }
    }

    function modelChanged(picked) {
        const before = card;
        card = picked;
        panels.forEach((panel, index) => {
            panel.showStarters();
            panel.setText(index === 0 ? textForModel(panel.text, before, card) : panel.text);
        });
    }

    root.append(h('div', { class: 'row tab-head' }, picker.element, toggle), place, difference, file.element);
    addPanel();
    if (state.value.compare)
        compare(true);
}

function sayDifference(first, second) {
    const { label, score } = first[0];
    const other = second.find(entry => entry.label === label)?.score ?? 0;
    const points = Math.abs(score - other) * 100;
    return points < 0.05 ? `Both texts have the same score for ${label}.`
        : `The other text has ${points.toFixed(1)} points ${other < score ? 'less' : 'more'} of ${label}: ${percent(other)}, beside ${percent(score)}.`;
}
