// A file of texts, read as a table: a text a line, CSV or TSV, JSON lines.

import { parseCsv } from '../lib/csv.js';

/**
 * @typedef {object} TextTable
 * @property {string} name of the file
 * @property {string[][]} rows
 * @property {string[]} [fields] names of the columns where the format has them; a CSV may have them in its first row
 * @property {boolean} header whether the first row names the columns
 * @property {number} column which holds the texts
 */

/** Names that a column of texts usually has, the surest first. */
const usualNames = ['text', 'inputs', 'input', 'sentence', 'review', 'comment', 'message', 'content', 'body', 'question', 'subject', 'title'];

/**
 * @param {File} file
 * @returns {Promise<TextTable>}
 */
export async function readTextFile(file) {
    const text = decode(new Uint8Array(await file.arrayBuffer()));
    const table = { name: file.name, header: false, column: 0, ...read(file.name, text) };
    if (textsOf(table).length === 0)
        throw new Error(`${file.name} has no texts; expected a text a line, a table with a column of texts, or a JSON object a line`);
    return table;
}

function read(name, text) {
    switch (/\.([^.]+)$/.exec(name)?.[1].toLowerCase()) {
        case 'csv': return fromCsv(parseCsv(text));
        case 'tsv': return fromCsv(parseCsv(text, '\t'));
        case 'jsonl': case 'ndjson': return fromJsonLines(text);
        default: return { rows: text.split(/\r\n|\n|\r/).filter(line => line.trim() !== '').map(line => [line]), fields: ['text'] };
    }
}

/** The names of a table's columns. */
export function columnNames({ rows, fields, header }) {
    const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    return fields ?? Array.from({ length: width }, (_, column) => (header && rows[0][column]?.trim()) || `column ${column + 1}`);
}

/** The texts of the table's column, below its header. */
export const textsOf = ({ rows, header, column }) => rows.slice(header ? 1 : 0).map(row => row[column] ?? '');

/** UTF-8; UTF-16 by its mark; what is neither is read as Windows-1252, in which all bytes are characters. */
function decode(bytes) {
    if (bytes[0] === 0xff && bytes[1] === 0xfe)
        return new TextDecoder('utf-16le').decode(bytes);
    if (bytes[0] === 0xfe && bytes[1] === 0xff)
        return new TextDecoder('utf-16be').decode(bytes);
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder('windows-1252').decode(bytes);
    }
}

function fromCsv(rows) {
    const header = looksLikeHeader(rows);
    const table = { rows, header };
    return { ...table, column: textColumn(header ? columnNames(table) : [], header ? rows.slice(1) : rows) };
}

/** Short names that differ, and one of them a usual one or much shorter than what stands below it. */
function looksLikeHeader([first, ...others]) {
    const names = (first ?? []).map(usual);
    if (others.length === 0 || new Set(names).size < names.length || names.some(name => !/^[\p{L}_][\p{L}\p{N}_ .-]{0,39}$/u.test(name)))
        return false;
    return names.some((name, column) => name === 'label' || usualNames.includes(name) || meanLength(others, column) > 3 * name.length);
}

/** An object or a string a line; its columns are the fields that hold strings. */
function fromJsonLines(text) {
    const values = text.split('\n').flatMap((line, index) => line.trim() === '' ? [] : [jsonLine(line, index + 1)]);
    const fields = [...new Set(values.flatMap(value => Object.keys(value).filter(key => typeof value[key] === 'string')))];
    const rows = values.map(value => fields.map(key => String(value[key] ?? '')));
    return { rows, fields, column: textColumn(fields, rows) };
}

function jsonLine(line, number) {
    let value;
    try {
        value = JSON.parse(line);
    } catch {
        throw new Error(`line ${number} is not JSON; expected an object a line with the text in a field`);
    }
    return typeof value === 'string' ? { text: value } : value ?? {};
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
