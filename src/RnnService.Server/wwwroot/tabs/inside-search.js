// Goes through all units of a layer and says which follow which feature best.

import { isAbort, post } from '../lib/api.js';
import { h, replace, scroller } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';
import { count, plural } from '../lib/text.js';
import { said } from './inside-values.js';
import { correlation, leastCorrelation } from './token-features.js';

const listed = 3; // units a feature

/**
 * @param {object} options
 * @param {number} options.page most units of a request
 * @param {() => { read: object, body: object, units: number, title: string } | null} options.what the text as it was read, the request without
 *     its units, and how many units there are
 * @param {(unit: number) => void} options.onUnit called when a unit of the list is picked
 */
export function unitSearch({ page, what, onUnit }) {
    let run = null;
    const button = h('button', { type: 'button', onclick: () => run ? run.abort() : search() });
    const progress = h('span', { class: 'muted', role: 'status' });
    const problems = h('div');
    const found = h('div', { class: 'stack' });
    const element = h('section', { class: 'card stack', 'aria-label': 'Search all units' },
        h('h2', null, 'Which units follow what'), h('div', { class: 'row' }, button, progress), problems, found);
    ready('');

    function ready(message) {
        run = null;
        button.textContent = 'Search all units';
        progress.textContent = message;
        clearProblem(problems);
    }

    async function search() {
        const asked = what();
        if (asked === null)
            return;
        const own = run = new AbortController();
        button.textContent = 'Cancel';
        replace(found);
        try {
            const tracks = await allTracks(asked, { signal: own.signal, retry: true, onWait: showWait(problems), remember: false });
            ready('');
            show(asked, tracks);
        } catch (problem) {
            if (run !== own)
                return; // another text is looked at by now
            ready(isAbort(problem) ? 'Stopped.' : '');
            if (!isAbort(problem))
                showProblem(problems, problem, { retry: search });
        }
    }

    async function allTracks({ body, units }, options) {
        const tracks = [];
        while (tracks.length < units) {
            progress.textContent = `${count(tracks.length)} of ${plural(units, 'unit')}`;
            const parameters = { ...body.parameters, first_unit: tracks.length, units: page };
            const { activations: { values } } = await post('inspect', { ...body, parameters }, options);
            tracks.push(...values[0].map((_, unit) => values.map(units => units[unit])));
        }
        return tracks;
    }

    function show({ read, title }, tracks) {
        const tokens = read.tokens.length;
        replace(found,
            scroller('Units by feature', h('table', null,
                h('caption', { class: 'muted' }, `${title}, ${plural(tokens, 'token')}`),
                h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'feature'), h('th', { scope: 'col' }, 'units that follow it best, with r'))),
                h('tbody', null, read.features.map(({ name, values }) => h('tr', null,
                    h('th', { scope: 'row' }, name), h('td', null, bestUnits(tracks, values))))))),
            h('p', { class: 'muted footnote' }, `Of ${plural(tracks.length, 'unit')} that follow nothing the best would reach about `
                + `${said(luck(tracks.length, tokens))} by chance, and more where neighbouring tokens are alike. `
                + 'A correlation does not say what a unit is for.'));
    }

    function bestUnits(tracks, values) {
        const best = tracks.map((track, unit) => ({ unit, r: correlation(track, values) })).filter(({ r }) => Math.abs(r) >= leastCorrelation)
            .sort((a, b) => Math.abs(b.r) - Math.abs(a.r)).slice(0, listed);
        if (best.length === 0)
            return h('span', { class: 'muted' }, new Set(values).size < 2 ? 'the same throughout this text' : 'none');
        return best.map(({ unit, r }) => h('button', { type: 'button', class: 'quiet', onclick: () => onUnit(unit) }, `unit ${unit}: ${said(r)}`));
    }

    return {
        element,
        /** What was found is of another text or layer. */
        reset() {
            run?.abort();
            replace(found);
            ready('');
        },
    };
}

/** The |r| that the best of so many unrelated units reaches, roughly. */
const luck = (units, tokens) => Math.min(1, Math.sqrt(2 * Math.log(2 * units) / tokens));
