using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Deployments.Tests.Support;

/// <summary>
/// Whether people can use a page: axe finds nothing and nothing sticks out to the side, in light and dark, on a desktop
/// and at 320 px, which WCAG 2.2 asks for (reflow, 1.4.10).
/// </summary>
static class Accessibility
{
    static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    /// <summary>Looks at a page as it stands in each of the four ways.</summary>
    /// <param name="page">Opened; is left dark and narrow.</param>
    /// <param name="where">Begins what is said of a fault.</param>
    /// <param name="seen">What else to do with the page each way; is given its name, such as <c>Dark-320</c>.</param>
    public static async Task CheckAsync(IPage page, string where, Func<string, Task>? seen = null)
    {
        await page.EvaluateAsync(Axe);
        foreach (var width in new[] { 1280, 320 })
        {
            await page.SetViewportSizeAsync(width, 800);
            foreach (var colors in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                // Without motion: a colour half way from light to dark is none that a reader sees.
                await page.EmulateMediaAsync(new PageEmulateMediaOptions
                {
                    ColorScheme = colors,
                    ReducedMotion = ReducedMotion.Reduce,
                });
                Offenders.AssertNone(await FaultsAsync(page, coloursOnly: colors == ColorScheme.Dark),
                    $"{where} {colors} {width}");
                if (seen is not null)
                    await seen($"{colors}-{width}");
            }
        }
    }

    // What does not depend on colours was looked at in light already.
    static Task<string[]> FaultsAsync(IPage page, bool coloursOnly) => page.EvaluateAsync<string[]>(
        """
        async coloursOnly => {
          const result = await axe.run(document, {
            resultTypes: ['violations'],
            ...(coloursOnly ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {}),
          });
          return [
            ...result.violations.flatMap(violation => violation.nodes.map(node =>
              `${violation.id} ${node.html} ${node.any.map(check => check.message).join(' ')}`)),
            ...(document.documentElement.scrollWidth <= innerWidth ? [] :
              [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .map(e => 'too wide: ' + e.outerHTML.slice(0, 160))),
          ];
        }
        """, coloursOnly);
}
