// Simple features of the tokens of a text, and how well a unit follows them. A state stands after a token was read, and so does a feature
// that lasts: inside quotes, line position.

import { codePoints } from '../lib/text.js';

const openingQuotes = new Set('“«「『„');
const closingQuotes = new Set('”»」』');
const wordy = /^[\p{L}\p{N}\p{M}]/u;

/** @typedef {{ name: string, values: number[] }} Feature one value a token */

/**
 * @param {string} text
 * @param {{ start: number, end: number }[]} tokens with offsets in code points
 * @returns {Feature[]}
 */
export function tokenFeatures(text, tokens) {
    const points = codePoints(text);
    const pieces = tokens.map(token => points.slice(token.start, token.end).join(''));
    const quoted = insideQuotes(points);
    const flag = test => tokens.map((token, index) => Number(test(pieces[index], token)));
    return [
        { name: 'inside quotes', values: tokens.map(token => quoted[token.end - 1] ?? 0) },
        { name: 'capital letter', values: flag(piece => /^\p{Lu}/u.test(piece)) },
        { name: 'line position', values: linePositions(points, tokens) },
        { name: 'word start', values: flag((piece, { start }) => wordy.test(piece) && !wordy.test(points[start - 1] ?? ' ')) },
        { name: 'white space', values: flag(piece => /^\s+$/u.test(piece)) },
        { name: 'punctuation', values: flag(piece => /^\p{P}+$/u.test(piece)) },
        { name: 'digit', values: flag(piece => /\p{Nd}/u.test(piece)) },
        { name: 'text position', values: tokens.map((_, index) => index) },
        { name: 'token length', values: tokens.map(token => token.end - token.start) },
    ];
}

/** For each code point whether a quotation is open after it: a straight quote opens and closes in turn, an empty line closes all. */
function insideQuotes(points) {
    let open = '';
    return points.map((point, index) => {
        if (point === '"')
            open = open ? '' : point;
        else if (point === '“' && open === '„') // closes a German quotation, opens an English one
            open = '';
        else if (openingQuotes.has(point))
            open = point;
        else if (closingQuotes.has(point) || point === '\n' && points[index - 1] === '\n')
            open = '';
        return Number(open !== '');
    });
}

/** Tokens since the last line break; in a text of one line this would be the position in the text again, so it is constant there. */
function linePositions(points, tokens) {
    if (!points.includes('\n'))
        return tokens.map(() => 0);
    let position = -1, read = 0;
    return tokens.map(token => {
        const passed = points.slice(read, token.end);
        read = token.end;
        position = passed.includes('\n') ? 0 : position + 1;
        return position;
    });
}

/**
 * Pearson's correlation.
 * @returns {number|null} null where one of the two is constant, or of fewer than three values
 */
export function correlation(x, y) {
    const count = x.length;
    if (count < 3)
        return null;
    const [meanX, meanY] = [mean(x), mean(y)];
    let xy = 0, xx = 0, yy = 0;
    for (let i = 0; i < count; i++) {
        const dx = x[i] - meanX, dy = y[i] - meanY;
        xy += dx * dy;
        xx += dx * dx;
        yy += dy * dy;
    }
    const scale = Math.sqrt(xx * yy);
    return scale > 1e-12 ? xy / scale : null;
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How well a unit follows each feature, the best first; features that are the same for all tokens come last, with null.
 * @param {number[]} track the unit's value a token
 * @param {Feature[]} features
 */
export function followed(track, features) {
    return features
        .map(feature => ({ name: feature.name, r: correlation(track, feature.values) }))
        .sort((a, b) => strength(b) - strength(a));
}

const strength = ({ r }) => r === null ? -1 : Math.abs(r);

/** Below this a unit is said to follow nothing. */
export const leastCorrelation = 0.3;

/** The |r| that the best of the features stays below 19 times of 20 over that many tokens if none has to do with the unit, roughly. */
export const chanceCorrelation = count => Math.min(1, 2.8 / Math.sqrt(count));
