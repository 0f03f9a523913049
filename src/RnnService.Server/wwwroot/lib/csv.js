// CSV as spreadsheets write it: quoted fields, doubled quotes, line breaks within quotes, a byte order mark.

/**
 * @param {string} text
 * @param {string} [delimiter] found by itself when left out: the likeliest of comma, semicolon and tab in the first record
 * @returns {string[][]} records; empty lines are passed over
 */
export function parseCsv(text, delimiter) {
    text = text.replace(/^\ufeff/, '');
    const separator = delimiter ?? likeliestDelimiter(text);
    const records = [];
    let record = [], cell = '', quoted = false;

    const endCell = () => {
        record.push(cell);
        cell = '';
    };
    const endRecord = () => {
        endCell();
        if (record.length > 1 || record[0] !== '')
            records.push(record);
        record = [];
    };

    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (quoted && c === '"' && text[i + 1] === '"')
            cell += text[++i];
        else if (c === '"' && (quoted || cell === ''))
            quoted = !quoted;
        else if (!quoted && c === separator)
            endCell();
        else if (!quoted && (c === '\n' || c === '\r')) {
            if (c === '\r' && text[i + 1] === '\n')
                i++;
            endRecord();
        } else
            cell += c;
    }
    endRecord();
    return records;
}

function likeliestDelimiter(text) {
    const first = text.replace(/"[^"]*"/g, '').split(/[\r\n]/, 1)[0];
    const times = c => first.split(c).length;
    return [',', ';', '\t'].reduce((best, c) => times(c) > times(best) ? c : best);
}

/** Writes records, with the line ends that RFC 4180 asks for. */
export function formatCsv(records) {
    return records.map(record => record.map(formatCell).join(',') + '\r\n').join('');
}

function formatCell(value) {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
