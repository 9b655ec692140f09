window.appearance = {
    isDark: () => (localStorage.getItem('appearance') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark',
    keep: dark => localStorage.setItem('appearance', dark ? 'dark' : 'light'),
};
// Charts measure themselves when the window changes its size: what they measure while a stylesheet is exchanged is wrong.
document.addEventListener('load', event => { if (event.target.tagName === 'LINK') window.dispatchEvent(new Event('resize')); }, true);
