using Microsoft.Playwright;

namespace Deployments.Tests.Support;

/// <summary>
/// A headless browser that reaches nothing but the program under test, and what its console complained about.
/// </summary>
sealed class Chromium : IAsyncDisposable
{
    const string Executable = "/usr/bin/chromium";

    readonly IPlaywright playwright;
    readonly IBrowser browser;

    Chromium(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    /// <summary>Messages of level error, and scripts that failed.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Requests to anything but the program under test.</summary>
    public List<string> Strays { get; } = [];

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>Opens a page in a session of its own.</summary>
    public async Task<IPage> OpenAsync(
        Uri address, ColorScheme colors = ColorScheme.Light, int width = 1280, string zone = "Europe/Berlin",
        System.Net.CookieCollection? cookies = null)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = colors,
            TimezoneId = zone,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
        });
        await context.AddCookiesAsync((cookies ?? []).Select(cookie => new Cookie
        {
            Name = cookie.Name,
            Value = cookie.Value,
            Url = address.GetLeftPart(UriPartial.Authority),
        }));
        var page = await context.NewPageAsync();
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https" or "ws" or "wss" } url
                && url.Authority != address.Authority)
                lock (Strays)
                    Strays.Add(request.Url);
        };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                Errors.Add(message.Text);
        };
        page.PageError += (_, error) => Errors.Add(error);
        await page.GotoAsync(address.AbsoluteUri);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
