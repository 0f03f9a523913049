// Judge: a text's labels and why, two texts side by side, a file of texts.

import { h, kept } from '../lib/dom.js';
import { percent } from '../lib/text.js';
import { fileJudge } from './judge-file.js';
import { judgePanel } from './judge-panel.js';
import { receiver } from './text-form.js';

const state = kept('judge', { texts: [null, ''], compare: false });

export default function render(root, context) {
    const picker = context.picker(card => panels.forEach(panel => panel.form.modelChanged(card)));
    const card = () => picker.card;
    const panels = [];
    const place = h('div', { class: 'columns' });
    const difference = h('p', { class: 'judge-difference', role: 'status' });
    const toggle = h('button', { type: 'button', onclick: () => compare(!state.value.compare) }, 'Compare with another text');

    function addPanel(index) {
        const panel = judgePanel({
            label: ['Text', 'Other text'][index],
            card,
            onAnswer: answered,
            form: {
                text: state.value.texts[index],
                example: index === 0 ? undefined : () => '',
                changed(text) {
                    state.value.texts[index] = text;
                    state.save();
                },
            },
        });
        panels.push(panel);
        place.append(panel.element);
        panel.form.send();
    }

    /** One scale of colours for both texts, and what sets them apart in a sentence. */
    function answered() {
        const strongest = Math.max(...panels.map(panel => panel.strongest));
        panels.forEach(panel => panel.paint(strongest));
        const [first, second] = panels.map(panel => panel.answer?.labels);
        difference.textContent = first && second ? sayDifference(first[0], second) : '';
    }

    function compare(on) {
        state.value.compare = on;
        state.save();
        toggle.setAttribute('aria-pressed', String(on));
        if (on)
            addPanel(1);
        else if (panels.length > 1) {
            const panel = panels.pop();
            panel.dispose();
            panel.element.remove();
            answered();
        }
    }

    root.append(h('div', { class: 'row tab-head' }, picker.element, toggle), place, difference, fileJudge(card));
    addPanel(0);
    compare(state.value.compare);
    return receiver(picker, panels[0].form);
}

function sayDifference({ label, score }, others) {
    const other = others.find(entry => entry.label === label)?.score ?? 0;
    const points = Math.abs(score - other) * 100;
    if (points < 0.05)
        return `Both texts have the same score for ${label}.`;
    const more = `${points.toFixed(1)} points ${other < score ? 'less' : 'more'}`;
    return `The other text has ${more} of ${label}: ${percent(other)}, beside ${percent(score)}.`;
}
