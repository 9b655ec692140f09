window.appearance = {
    isDark: () => (localStorage.getItem('appearance') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark',
    keep: dark => localStorage.setItem('appearance', dark ? 'dark' : 'light'),
};
// Charts measure themselves when the window changes its size: what they measure before a stylesheet applies is wrong.
new ResizeObserver(() => window.dispatchEvent(new Event('resize'))).observe(document.body);
document.addEventListener('load', event => { if (event.target.tagName === 'LINK') window.dispatchEvent(new Event('resize')); }, true);
