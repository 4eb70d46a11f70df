using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Deployments.Tests.Support;

/// <summary>
/// A visitor of the pages: keeps cookies, sends a form with the token of the page it is on, follows no redirects.
/// </summary>
public sealed partial class Browser : IDisposable
{
    readonly HttpClient client;

    public Browser(Uri url)
    {
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies })
        {
            BaseAddress = url,
        };
    }

    public CookieContainer Cookies { get; } = new();

    /// <summary>A browser in which <paramref name="name"/> has signed in.</summary>
    public static async Task<Browser> SignedInAsync(
        TestApp app, string name = "Admin", string password = TestApp.AdminPassword)
    {
        var browser = new Browser(app.Url);
        using var answer = await browser.PostAsync("/sign-in", "/sign-in", ("name", name), ("password", password));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return browser;
    }

    public Task<HttpResponseMessage> GetAsync(string url) => client.GetAsync(new Uri(url, UriKind.Relative));

    public async Task<string> ReadAsync(string url)
    {
        using var answer = await GetAsync(url);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// Looks at <paramref name="page"/>, then sends a form to <paramref name="url"/> with that page's token.
    /// </summary>
    public async Task<HttpResponseMessage> PostAsync(
        string page, string url, params (string Name, string Value)[] fields)
    {
        var token = await TokenAsync(page);
        return await PostWithoutTokenAsync(url, [.. fields, ("__RequestVerificationToken", token)]);
    }

    /// <summary>The token of a page's forms; any form of the same user takes it. No letter needs escaping.</summary>
    public async Task<string> TokenAsync(string page)
    {
        var token = TokenPattern().Match(await ReadAsync(page)).Groups[1].Value;
        Assert.NotEmpty(token);
        return token;
    }

    /// <summary>Sends the fields of a form as they are written, right or wrong.</summary>
    public async Task<HttpResponseMessage> PostRawAsync(string url, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, UriKind.Relative))
        {
            Headers = { { "Accept", "text/html" } },
            Content = new StringContent(body, Encoding.ASCII, "application/x-www-form-urlencoded"),
        };
        return await client.SendAsync(request);
    }

    public async Task<HttpResponseMessage> PostWithoutTokenAsync(
        string url, params (string Name, string Value)[] fields)
    {
        using var form =
            new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await client.PostAsync(new Uri(url, UriKind.Relative), form);
    }

    public void Dispose() => client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
