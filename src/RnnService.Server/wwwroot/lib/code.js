// "Do it yourself": the last call of the page, as a program would make it.

import { apiEvents, hasKey, lastCall } from './api.js';
import { copyButton, h, replace } from './dom.js';

const languages = [['curl', curl], ['C#', csharp], ['Python', python], ['JavaScript', javascript]];
const longestList = 5;

/** The panel; it follows the calls that the page makes. */
export function codePanel() {
    let [, write] = languages[0];
    const place = h('div', { class: 'code-place' });
    const panel = h('details', { class: 'code-panel', ontoggle: draw }, h('summary', null, 'Do it yourself'), place);

    function draw() {
        if (!panel.open)
            return;
        if (lastCall === null) {
            replace(place, h('p', null, 'What the page asks the service next is shown here as curl, C#, Python and JavaScript.'));
            return;
        }

        const { call, shortened } = shorten({ url: new URL(lastCall.path, document.baseURI).href, ...lastCall });
        const code = write(call);
        replace(place,
            h('p', null, 'What this page just asked the service, ', h('code', null, `POST /${lastCall.path}`), shortened && `, of the list the first ${longestList} texts`, hasKey() && '; put your key into RNN_KEY', ':'),
            h('div', { class: 'row' },
                languages.map(([name, writer]) => h('button', { type: 'button', class: 'choice', 'aria-pressed': String(writer === write), onclick: () => { write = writer; draw(); place.querySelector('[aria-pressed="true"]').focus(); } }, name)),
                copyButton(() => code)),
            h('pre', { tabindex: 0, 'aria-label': 'Code' }, h('code', null, code)));
    }

    apiEvents.addEventListener('call', draw);
    apiEvents.addEventListener('keychange', draw);
    return panel;
}

function shorten(call) {
    const { inputs } = call.body;
    const shortened = Array.isArray(inputs) && inputs.length > longestList;
    return { call: shortened ? { ...call, body: { ...call.body, inputs: inputs.slice(0, longestList) } } : call, shortened };
}

function curl({ url, body, streamed }) {
    // An apostrophe would end the shell's quotes; JSON may write it as an escape.
    const data = JSON.stringify(body).replaceAll('\'', '\\u0027');
    return [`curl -s${streamed ? 'N' : ''} ${url}`, '-H \'content-type: application/json\'', ...hasKey() ? ['-H "authorization: Bearer $RNN_KEY"'] : [], `-d '${data}'`].join(' \\\n  ');
}

function csharp({ url, body, streamed }) {
    const json = JSON.stringify(body, null, 4).split('\n').map(line => `    ${line}`).join('\n');
    return [
        'using System.Text;',
        '',
        'using var http = new HttpClient();',
        ...hasKey() ? ['http.DefaultRequestHeaders.Authorization = new("Bearer", Environment.GetEnvironmentVariable("RNN_KEY"));'] : [],
        `using var request = new HttpRequestMessage(HttpMethod.Post, "${url}");`,
        'request.Content = new StringContent("""',
        json,
        '    """, Encoding.UTF8, "application/json");',
        ...streamed
            ? ['using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);',
                'response.EnsureSuccessStatusCode();',
                'using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());',
                'while (await reader.ReadLineAsync() is { } line)',
                '    if (line.StartsWith("data:"))',
                '        Console.WriteLine(line[5..]);']
            : ['using var response = await http.SendAsync(request);',
                'response.EnsureSuccessStatusCode();',
                'Console.WriteLine(await response.Content.ReadAsStringAsync());'],
    ].join('\n');
}

function python({ url, body, streamed }) {
    const headers = hasKey() ? ', headers={"Authorization": f"Bearer {os.environ[\'RNN_KEY\']}"}' : '';
    return [
        ...streamed ? ['import json'] : [],
        ...hasKey() ? ['import os'] : [],
        'import requests',
        '',
        `response = requests.post(${JSON.stringify(url)}${headers}${streamed ? ', stream=True' : ''}, json=${pythonLiteral(body, '')})`,
        'response.raise_for_status()',
        ...streamed
            ? ['for line in response.iter_lines():', '    if line.startswith(b"data:"):', '        print(json.loads(line[5:]))']
            : ['print(response.json())'],
    ].join('\n');
}

function pythonLiteral(value, indent) {
    if (value === null || typeof value === 'boolean')
        return { null: 'None', true: 'True', false: 'False' }[value];
    if (typeof value !== 'object')
        return JSON.stringify(value);
    const inner = `${indent}    `;
    const entries = Array.isArray(value)
        ? value.map(entry => pythonLiteral(entry, inner))
        : Object.entries(value).filter(([, entry]) => entry !== undefined).map(([name, entry]) => `${JSON.stringify(name)}: ${pythonLiteral(entry, inner)}`);
    const [open, close] = Array.isArray(value) ? '[]' : '{}';
    return entries.length === 0 ? open + close : `${open}\n${entries.map(entry => `${inner}${entry},`).join('\n')}\n${indent}${close}`;
}

function javascript({ url, body, streamed }) {
    const authorization = hasKey() ? ', authorization: `Bearer ${process.env.RNN_KEY}`' : '';
    return [
        `const response = await fetch(${JSON.stringify(url)}, {`,
        '    method: "POST",',
        `    headers: { "content-type": "application/json"${authorization} },`,
        `    body: JSON.stringify(${JSON.stringify(body, null, 4).replaceAll('\n', '\n    ')}),`,
        '});',
        'if (!response.ok)',
        '    throw new Error(await response.text());',
        ...streamed
            ? ['let rest = "";',
                'for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {',
                '    const lines = (rest + chunk).split("\\n");',
                '    rest = lines.pop();',
                '    for (const line of lines.filter(line => line.startsWith("data:")))',
                '        console.log(JSON.parse(line.slice(5)));',
                '}']
            : ['console.log(await response.json());'],
    ].join('\n');
}
