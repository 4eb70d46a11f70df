using System.Text;
using Deployments.Data.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authentication;

namespace Deployments.Web.Accounts;

/// <summary>
/// Reads a request's credentials in every form that ProGet and package clients use, and finds out whose they are.
/// </summary>
public sealed class CallerResolver(Credentials credentials, DeploymentsSettings settings)
{
    static readonly string[] KeyHeaders = ["X-ApiKey", "X-NuGet-ApiKey"];

    readonly Caller anonymous =
        new(Caller.AnonymousName, settings.AnonymousView ? Permissions.View : Permissions.None);

    /// <summary>
    /// Who calls: <c>X-ApiKey</c> or <c>X-NuGet-ApiKey</c> (a key, or <c>user:password</c>), <c>Authorization</c> Basic
    /// (user <c>api</c> and a key, or user and password, or user and personal key) or Bearer (a key), <c>?key=</c>,
    /// else the signed-in session. Several at once must all be right; the first of this order then says who it is.
    /// </summary>
    /// <remarks>
    /// A session counts for GET and HEAD only: other requests come from pages, which guard against forgery by
    /// themselves. Whether an anonymous caller may use a feed is the feed's own setting, not part of the result.
    /// </remarks>
    public async ValueTask<CallerResult> ResolveAsync(HttpContext context, CancellationToken ct)
    {
        CallerResult? first = null;
        foreach (var given in Read(context.Request))
        {
            var result = given switch
            {
                Given.Key key => await credentials.CheckKeyAsync(key.Text, ct),
                Given.Password password => await credentials.CheckPasswordAsync(
                    password.Name, password.Text, Caller.ClientAddress(context), ct, fromTool: true),
                _ => new CallerResult.WrongCredentials(),
            };
            if (result is not CallerResult.Known)
                return result;
            first ??= result;
        }

        if (first is not null)
            return first;
        return HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? await ResolveSessionAsync(context)
            : new CallerResult.Known(anonymous);
    }

    /// <summary>Who is signed in, whatever the method; for pages.</summary>
    public async ValueTask<CallerResult> ResolveSessionAsync(HttpContext context)
    {
        if (!context.Request.Cookies.ContainsKey(Sessions.CookieName))
            return new CallerResult.Known(anonymous);
        await context.AuthenticateAsync(Sessions.Scheme); // once a request: its handler keeps the result
        return Sessions.ResultOrNull(context) ?? new CallerResult.WrongCredentials();
    }

    /// <summary>Checks a key or <c>user:password</c> that came in a request's body.</summary>
    public ValueTask<CallerResult> ResolveKeyAsync(HttpContext context, string key, CancellationToken ct) =>
        ReadKey(key) switch
        {
            Given.Password password => credentials.CheckPasswordAsync(
                password.Name, password.Text, Caller.ClientAddress(context), ct, fromTool: true),
            Given.Key { Text: var text } => credentials.CheckKeyAsync(text, ct),
            _ => new ValueTask<CallerResult>(new CallerResult.WrongCredentials()),
        };

    static IEnumerable<Given> Read(HttpRequest request)
    {
        foreach (var header in KeyHeaders)
        {
            foreach (var value in request.Headers[header])
            {
                if (!string.IsNullOrEmpty(value))
                    yield return ReadKey(value);
            }
        }

        foreach (var value in request.Headers.Authorization)
        {
            if (!string.IsNullOrEmpty(value))
                yield return ReadAuthorization(value);
        }

        foreach (var value in KeyInAddress.Of(request.HttpContext))
        {
            if (!string.IsNullOrEmpty(value))
                yield return ReadKey(value);
        }
    }

    // KEY, api:KEY or user:password; a key has no colon in it.
    static Given ReadKey(string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return new Given.Key(value);
        return value.AsSpan(0, colon).Equals("api", StringComparison.OrdinalIgnoreCase)
            ? new Given.Key(value[(colon + 1)..])
            : new Given.Password(value[..colon], value[(colon + 1)..]);
    }

    static Given ReadAuthorization(string value)
    {
        var space = value.IndexOf(' ', StringComparison.Ordinal);
        var (scheme, parameter) = space < 0 ? (value, "") : (value[..space], value[(space + 1)..].Trim());
        if (space < 0 && !value.Equals("Basic", StringComparison.OrdinalIgnoreCase)
            && !value.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return new Given.Key(value); // cargo and gem send the bare key
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return new Given.Key(parameter);
        if (!scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            return new Given.Unreadable();

        var bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length))
            return new Given.Unreadable();
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair.Contains(':', StringComparison.Ordinal) ? ReadKey(pair) : new Given.Unreadable();
    }

    abstract record Given
    {
        public sealed record Key(string Text) : Given;

        public sealed record Password(string Name, string Text) : Given;

        public sealed record Unreadable : Given;
    }
}
