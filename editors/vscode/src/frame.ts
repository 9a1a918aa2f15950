// The document of the webview that holds the trace page: one frame, and nothing else may load.

/** The page at `url`, on this machine's loopback only. Throws for any other address. */
export function frame(url: string, nonce: string): string {
    const origin = /^http:\/\/127\.0\.0\.1:\d{1,5}(?=\/)/.exec(url)?.[0];
    if (origin === undefined) {
        throw new Error('The address of the trace page is not on this machine.');
    }
    const policy = `default-src 'none'; frame-src ${origin}; style-src 'nonce-${nonce}'`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Trace</title>
<style nonce="${nonce}">html, body, iframe { margin: 0; padding: 0; border: 0; width: 100%; height: 100%; overflow: hidden }</style>
</head>
<body><iframe title="Trace" src="${escaped(url)}" allow="clipboard-write"></iframe></body>
</html>
`;
}

function escaped(text: string): string {
    return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
