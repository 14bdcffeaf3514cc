namespace FirstCome.DiscoveryServer.Pages;

/// <summary>How the page for people looks: one column of cards on a phone, tables where there is room, light or dark as the reader likes.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--ink:#1f1c17;--soft:#625a4e;--paper:#f6f3ec;--card:#fffdf9;--line:#ddd5c7;--good:#1b6b3a;--bad:#a40000;--wash:#fbe9df}
        @media(prefers-color-scheme:dark){:root{--ink:#f3eee4;--soft:#b5ab9b;--paper:#151310;--card:#1f1c18;--line:#3b352c;--good:#7fd6a0;--bad:#ff9d9d;--wash:#33211a}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2rem) 3rem;max-width:80rem;color:var(--ink);background:var(--paper);
        font:1rem/1.5 system-ui,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
        h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}[lang=en]{color:var(--soft);font-weight:normal}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.5rem;margin:1rem 0;padding:0}
        .facts div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.6rem .8rem}
        dt{font-size:.85rem}dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}
        table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line)}
        th,td{text-align:start;padding:.45rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}th{font-size:.85rem}
        td{font-variant-numeric:tabular-nums}.UP{color:var(--good);font-weight:600}.DOWN,.OUT_OF_SERVICE,.UNKNOWN{color:var(--bad);font-weight:600}
        .notice{padding:.7rem 1rem;background:var(--wash);border-inline-start:4px solid var(--bad);border-radius:.3rem}.none{color:var(--soft)}
        @media(max-width:44rem){table,tbody,tr,td{display:block}thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
        table{border:0;background:none}tr{background:var(--card);border:1px solid var(--line);border-radius:.6rem;margin:0 0 .6rem;padding:.3rem 0}
        td{border:0;padding:.2rem .8rem;display:grid;grid-template-columns:minmax(7rem,34%) 1fr;gap:.6rem}td::before{content:attr(data-label);color:var(--soft);font-size:.85rem}}
        """;
}
