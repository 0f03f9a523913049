// A file of texts, read as a table: a text a line, CSV or TSV, JSON lines.

import { parseCsv } from '../lib/csv.js';

/**
 * @typedef {object} TextTable
 * @property {string} name of the file
 * @property {string[][]} rows
 * @property {string[]} [fields] names of the columns, where the format has them
 * @property {boolean} header whether the first row names the columns
 * @property {number} column which holds the texts
 */

/** Names that a column of texts usually has, the surest first. */
const usualNames = ['text', 'inputs', 'input', 'sentence', 'review', 'comment', 'message', 'content', 'body', 'question', 'subject', 'title'];

/** @returns {Promise<TextTable>} */
export async function readTextFile(file) {
    const text = decode(await file.arrayBuffer());
    const table = { name: file.name, header: false, column: 0, ...read(/[^.]*$/.exec(file.name)[0].toLowerCase(), text) };
    if (textsOf(table).length === 0)
        throw new Error(`${file.name} has no texts; expected a text a line, a table with a column of texts, or a JSON object a line`);
    return table;
}

function read(extension, text) {
    switch (extension) {
        case 'csv': return fromCsv(parseCsv(text));
        case 'tsv': return fromCsv(parseCsv(text, '\t'));
        case 'jsonl': case 'ndjson': return fromJsonLines(text);
        default: return { rows: text.split(/[\r\n]+/).filter(line => line.trim() !== '').map(line => [line]), fields: ['text'] };
    }
}

/** What is not UTF-8 is read as Windows-1252, in which all bytes are characters. */
function decode(bytes) {
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder('windows-1252').decode(bytes);
    }
}

export function columnNames({ rows, fields, header }) {
    const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    return fields ?? Array.from({ length: widest }, (_, column) => (header && rows[0][column]?.trim()) || `column ${column + 1}`);
}

/** The texts of the table's column, below its header. */
export const textsOf = ({ rows, header, column }) => rows.slice(header ? 1 : 0).map(row => row[column] ?? '');

function fromCsv(rows) {
    const header = looksLikeHeader(rows);
    return { rows, header, column: textColumn(header ? rows[0] : [], header ? rows.slice(1) : rows) };
}

/** Short names that differ, and one of them a usual one or much shorter than what stands below it. */
function looksLikeHeader([first = [], ...others]) {
    const names = first.map(usual);
    if (others.length === 0 || new Set(names).size < names.length || names.some(name => !/^[\p{L}_][\p{L}\p{N}_ .-]{0,39}$/u.test(name)))
        return false;
    return names.some((name, column) => name === 'label' || usualNames.includes(name) || meanLength(others, column) > 3 * name.length);
}

/** An object or a string a line; its columns are the fields that hold strings. */
function fromJsonLines(text) {
    const values = text.split('\n').flatMap((line, index) => line.trim() === '' ? [] : [jsonLine(line, index + 1)]);
    const fields = [...new Set(values.flatMap(value => Object.keys(value).filter(key => typeof value[key] === 'string')))];
    const rows = fields.length === 0 ? [] : values.map(value => fields.map(key => String(value[key] ?? '')));
    return { rows, fields, column: textColumn(fields, rows) };
}

function jsonLine(line, number) {
    try {
        const value = JSON.parse(line);
        return typeof value === 'string' ? { text: value } : value ?? {};
    } catch {
        throw new Error(`line ${number} is not JSON; expected an object a line with the text in a field`);
    }
}

/** The column of a usual name, otherwise that of the longest texts. */
function textColumn(fields, rows) {
    const names = fields.map(usual);
    const named = usualNames.find(name => names.includes(name));
    if (named)
        return names.indexOf(named);
    const lengths = (rows[0] ?? []).map((_, column) => meanLength(rows, column));
    return Math.max(0, lengths.indexOf(Math.max(...lengths)));
}

const usual = name => name.trim().toLowerCase();
const meanLength = (rows, column) => rows.reduce((sum, row) => sum + (row[column] ?? '').length, 0) / rows.length;
