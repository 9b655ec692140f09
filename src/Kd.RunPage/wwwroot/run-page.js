window.appearance = {
    isDark: () => (localStorage.getItem('appearance') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark',
    keep: dark => localStorage.setItem('appearance', dark ? 'dark' : 'light'),
};
// Charts measure themselves when the window changes its size. What a new chart measures while the page is still being laid out, or a stylesheet is exchanged, is wrong.
const measureCharts = () => window.dispatchEvent(new Event('resize'));
document.addEventListener('load', event => { if (event.target.tagName === 'LINK') measureCharts(); }, true);
new MutationObserver(changes => {
    if (changes.some(change => [...change.addedNodes].some(node => node.matches?.('figure.chart') || node.querySelector?.('figure.chart'))))
        setTimeout(measureCharts, 300);
}).observe(document.body, { childList: true, subtree: true });
