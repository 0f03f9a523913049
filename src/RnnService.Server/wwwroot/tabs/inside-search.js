// Goes through all units of a layer and says which follow which feature best.

import { isAbort, post } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';
import { count, plural } from '../lib/text.js';
import { said } from './inside-values.js';
import { correlation, leastCorrelation } from './token-features.js';

const listed = 3; // units a feature

/**
 * @param {object} options
 * @param {() => { read: object, body: object, units: number, page: number, title: string } | null} options.what what to go through: the text as it was read,
 *     the request without its units, how many units there are, and how many a request may ask for
 * @param {(unit: number) => void} options.onUnit called when a unit of the list is picked
 */
export function unitSearch({ what, onUnit }) {
    let run = null;
    const button = h('button', { type: 'button', onclick: () => run ? run.abort() : search() }, 'Search all units');
    const progress = h('span', { class: 'muted', role: 'status' });
    const problems = h('div');
    const found = h('div', { class: 'stack' });
    const element = h('section', { class: 'card stack', 'aria-label': 'Search all units' },
        h('h2', null, 'Which units follow what'), h('div', { class: 'row' }, button, progress), problems, found);

    async function search() {
        const asked = what();
        if (asked === null)
            return;
        const own = run = new AbortController();
        button.textContent = 'Cancel';
        clearProblem(problems);
        replace(found);
        try {
            const tracks = await allTracks(asked, { signal: own.signal, retry: true, onWait: showWait(problems), remember: false });
            clearProblem(problems);
            show(asked, tracks);
            progress.textContent = '';
        } catch (problem) {
            progress.textContent = isAbort(problem) ? 'Stopped.' : '';
            if (!isAbort(problem))
                showProblem(problems, problem, { retry: search });
        } finally {
            run = null;
            button.textContent = 'Search all units';
        }
    }

    async function allTracks({ body, units, page }, options) {
        const tracks = [];
        while (tracks.length < units) {
            progress.textContent = `${count(tracks.length)} of ${plural(units, 'unit')}`;
            const first = tracks.length;
            const { activations } = await post('inspect', { ...body, parameters: { ...body.parameters, first_unit: first, units: Math.min(page, units - first) } }, options);
            const width = activations.values[0].length;
            for (let unit = 0; unit < width; unit++)
                tracks.push(activations.values.map(values => values[unit]));
        }
        return tracks;
    }

    function show({ read, title }, tracks) {
        const rows = read.features.map(feature => ({
            name: feature.name,
            best: tracks.map((track, unit) => ({ unit, r: correlation(track, feature.values) })).filter(({ r }) => r !== null && Math.abs(r) >= leastCorrelation)
                .sort((a, b) => Math.abs(b.r) - Math.abs(a.r)).slice(0, listed),
            constant: new Set(feature.values).size < 2,
        }));
        const tokens = read.tokens.length;
        replace(found,
            h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Units by feature' }, h('table', null,
                h('caption', { class: 'muted' }, `${title}, ${plural(tokens, 'token')}`),
                h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'feature'), h('th', { scope: 'col' }, 'units that follow it best, with r'))),
                h('tbody', null, rows.map(({ name, best, constant }) => h('tr', null, h('th', { scope: 'row' }, name),
                    h('td', null, best.length > 0
                        ? best.map(({ unit, r }) => h('button', { type: 'button', class: 'quiet', onclick: () => onUnit(unit) }, `unit ${unit}: ${said(r)}`))
                        : h('span', { class: 'muted' }, constant ? 'the same throughout this text' : 'none'))))))),
            h('p', { class: 'muted footnote' }, `The best of ${plural(tracks.length, 'unit')} that follow nothing would reach about ${said(luck(tracks.length, tokens))} by chance in ${plural(tokens, 'token')}, `
                + 'and more where neighbouring tokens are alike. A correlation does not say what a unit is for.'));
    }

    return {
        element,
        /** Another text or model: what was found holds no longer. */
        reset() {
            run?.abort();
            replace(found);
            clearProblem(problems);
            progress.textContent = '';
        },
    };
}

/** The |r| that the best of so many unrelated units reaches, roughly. */
const luck = (units, tokens) => Math.min(1, Math.sqrt(2 * Math.log(2 * units) / Math.max(1, tokens)));
