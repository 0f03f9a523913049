import { fixed } from '../lib/text.js';

/** Kinds of activity that are gates, from 0 (closed) to 1 (open). */
const gates = new Set(['input', 'forget', 'output', 'reset', 'update']);

/**
 * How activity becomes colour: gates from 0 to 1, all else from −most over 0 to most.
 * @param {string} kind
 * @param {number[] | number[][]} values that are shown together
 * @returns {{ name: 'sequential' | 'diverging', least: number, most: number, share: (value: number) => number }} share: what that scale takes
 */
export function valueScale(kind, values) {
    if (gates.has(kind))
        return { name: 'sequential', least: 0, most: 1, share: value => value };
    const most = values.flat().reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
    return { name: 'diverging', least: -most, most, share: value => value / most };
}

/** A value as people read it, with a true minus. */
export const said = value => fixed(value, Math.abs(value) < 10 ? 2 : 1);
