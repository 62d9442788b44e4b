extension HTML {
  /// The look of a report: system fonts, one accent, eight line colours that keep apart in light and dark.
  static let style = """

    :root { --page: #f6f6f3; --card: #ffffff; --text: #1c1d20; --soft: #6a6c72; --rule: #e5e5e0; --grid: #ecece8;
      --c0: #2a66c9; --c1: #d9662b; --c2: #16835f; --c3: #a3418f; --c4: #b08a00; --c5: #c63b48; --c6: #3f8fa6;
      --c7: #6b55c8; --c8: #9aa0a9; --c9: #c6cad0; }
    @media (prefers-color-scheme: dark) { :root { --page: #131416; --card: #1b1d20; --text: #e9e9e6; --soft: #9a9ca3;
      --rule: #2c2e33; --grid: #292b30; --c0: #6ea2f5; --c1: #f08c56; --c2: #45b68c; --c3: #d57fc4; --c4: #d6b23a;
      --c5: #ee7883; --c6: #6fbdd3; --c7: #a08ff0;
      --c8: #7d838d; --c9: #50555e; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    main { max-width: 1120px; margin: 0 auto; padding: 36px 24px 48px; }
    h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
    h2 { font-size: 17px; margin: 36px 0 12px; }
    .lead { color: var(--soft); margin: 6px 0 22px; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 12px; margin-bottom: 16px; }
    .tile, figure.chart, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
    .tile { padding: 12px; }
    .tile b { display: block; white-space: nowrap; font-size: 20px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
    .tile span { color: var(--soft); font-size: 12.5px; }
    .charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 16px; }
    figure.chart { margin: 0; padding: 14px 16px 8px; min-width: 0; }
    .charts .large { grid-column: 1 / -1; }
    @media (max-width: 760px) { .charts { grid-template-columns: minmax(0, 1fr); } }
    figcaption { font-weight: 600; font-size: 14px; display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline;
      margin-bottom: 6px; }
    .legend { font-weight: 400; font-size: 12.5px; color: var(--soft); display: flex; flex-wrap: wrap; gap: 2px 14px; }
    .key::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px;
      vertical-align: middle; background: currentColor; }
    .key { color: var(--soft); }
    .key.c0::before { background: var(--c0); } .key.c1::before { background: var(--c1); }
    .key.c2::before { background: var(--c2); } .key.c3::before { background: var(--c3); }
    .key.c4::before { background: var(--c4); } .key.c5::before { background: var(--c5); }
    .key.c6::before { background: var(--c6); } .key.c7::before { background: var(--c7); }
    .key.c8::before { background: var(--c8); } .key.c9::before { background: var(--c9); }
    .key.faint::before { opacity: .4; }
    svg { display: block; width: 100%; height: auto; overflow: visible; }
    svg text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
    .large svg text { font-size: 12px; }
    .grid line { stroke: var(--grid); } .grid .tick, .grid .axis { stroke: var(--soft); stroke-opacity: .55; }
    svg .group { font-size: 13px; fill: var(--text); font-weight: 600; }
    .curve path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .curve.faint path { stroke-width: 1; opacity: .32; }
    .curve.c0 path, .tip circle.c0 { stroke: var(--c0); } .curve.c1 path, .tip circle.c1 { stroke: var(--c1); }
    .curve.c2 path, .tip circle.c2 { stroke: var(--c2); } .curve.c3 path, .tip circle.c3 { stroke: var(--c3); }
    .curve.c4 path, .tip circle.c4 { stroke: var(--c4); } .curve.c5 path, .tip circle.c5 { stroke: var(--c5); }
    .curve.c6 path, .tip circle.c6 { stroke: var(--c6); } .curve.c7 path, .tip circle.c7 { stroke: var(--c7); }
    .c0 > circle, .c0 > rect, .tip text.c0 { fill: var(--c0); } .c1 > circle, .c1 > rect, .tip text.c1 { fill: var(--c1); }
    .c2 > circle, .c2 > rect, .tip text.c2 { fill: var(--c2); } .c3 > circle, .c3 > rect, .tip text.c3 { fill: var(--c3); }
    .c4 > circle, .c4 > rect, .tip text.c4 { fill: var(--c4); } .c5 > circle, .c5 > rect, .tip text.c5 { fill: var(--c5); }
    .c6 > circle, .c6 > rect, .tip text.c6 { fill: var(--c6); } .c7 > circle, .c7 > rect, .tip text.c7 { fill: var(--c7); }
    .c8 > rect { fill: var(--c8); } .c9 > rect { fill: var(--c9); }
    .hit { fill: transparent; } .tip { opacity: 0; pointer-events: none; }
    .hover > g:hover .tip { opacity: 1; }
    .tip line { stroke: var(--soft); stroke-opacity: .6; } .tip circle { fill: var(--card); stroke-width: 2; }
    .tip rect { fill: var(--card); stroke: var(--rule); } .tip text { stroke: none; white-space: pre; }
    .tip text.faint { opacity: .65; }
    .whisker { stroke: var(--text); stroke-opacity: .75; stroke-width: 1.4; fill: none; }
    .bars text { fill: var(--text); } .bars text.name { fill: var(--soft); }
    .card { padding: 4px 16px; overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
    th { text-align: left; color: var(--soft); font-weight: 500; }
    th, td { padding: 6px 18px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    tr:last-child td { border-bottom: 0; } td.figure, th.figure { text-align: right; white-space: nowrap; }
    td code { font-size: 12.5px; } .swatch { display: inline-block; width: 14px; height: 3px; border-radius: 2px;
      margin-right: 8px; vertical-align: middle; }
    .swatch.c0 { background: var(--c0); } .swatch.c1 { background: var(--c1); } .swatch.c2 { background: var(--c2); }
    .swatch.c3 { background: var(--c3); } .swatch.c4 { background: var(--c4); } .swatch.c5 { background: var(--c5); }
    .swatch.c6 { background: var(--c6); } .swatch.c7 { background: var(--c7); }
    .sample { padding: 12px 16px; margin-bottom: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .sample em { font-style: normal; color: var(--soft); } .sample small { display: block; color: var(--soft); }
    .columns { columns: 2 420px; column-gap: 32px; } .columns tr { break-inside: avoid; }
    summary { cursor: pointer; padding: 10px 0; color: var(--soft); }
    footer { color: var(--soft); font-size: 12.5px; margin-top: 40px; }

    """
}
