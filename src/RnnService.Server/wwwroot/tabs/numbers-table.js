// Numbers that are typed or pasted: steps of a sequence, a line each.

import { parseCsv } from '../lib/csv.js';
import { plural } from '../lib/text.js';

const stepsMadeUp = 60;

/** Waves that a model of numbers can be tried with; the same for the same model. */
export function madeUp({ features, names }) {
    const wave = (step, feature) => (Math.sin(step / (3 + feature) + feature) + 0.2 * Math.sin(step * 1.7 + 2 * feature)).toFixed(3);
    const steps = Array.from({ length: stepsMadeUp }, (_, step) => Array.from({ length: features }, (_, feature) => wave(step, feature)).join(','));
    return (names.length > 0 ? [names.join(','), ...steps] : steps).join('\n');
}

/**
 * Reads a table. A first line of names is passed over; where it has all the model's, it says which columns are read. A single number a step may
 * stand in one line, too.
 * @returns {{ values: number[][], problem?: string }} problem: what is wrong with the first line that cannot be read
 */
export function readTable(text, { features, names }) {
    const number = cell => cell.trim() === '' ? NaN : Number(cell);
    const rows = parseCsv(text);
    const usual = name => name.trim().toLowerCase();
    const head = rows[0]?.map(usual) ?? [], wanted = names.map(usual);
    const named = head.some(cell => cell !== '' && Number.isNaN(Number(cell)));
    const columns = wanted.length > 0 && wanted.every(name => head.includes(name)) ? wanted.map(name => head.indexOf(name)) : null;
    const cells = named ? rows.slice(1) : rows;
    const steps = features === 1 && cells.length === 1 ? cells[0].map(cell => [cell]) : cells;
    const values = steps.map(row => (columns?.map(column => row[column] ?? '') ?? row).map(number));
    const wrong = values.findIndex(row => row.length !== features || !row.every(Number.isFinite));
    return wrong < 0 ? { values } : { values: [], problem: `Step ${wrong + 1} is “${steps[wrong].join(', ')}”; expected ${plural(features, 'number')}.` };
}
