using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Deployments.Tests.Support;

/// <summary>A person who is signed in at the provider, as it tells of them.</summary>
/// <param name="Subject">What it never gives to another.</param>
/// <param name="Name">What the person chose to be called.</param>
/// <param name="Groups">Where the person belongs.</param>
public sealed record ProvidersPerson(string Subject, string Name, params string[] Groups)
{
    /// <summary>Whether groups are told when asked for only, and not in the ID token.</summary>
    public bool GroupsWhenAsked { get; init; }
}

/// <summary>
/// An OpenID Connect provider: OpenIddict on a real Kestrel in this process. Whoever comes is <see cref="Who"/>.
/// </summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "deployments-tests";
    public const string ClientSecret = "what the provider gave us";

    readonly WebApplication app;
    readonly RsaSecurityKey key;
    readonly ConcurrentQueue<string?> signedOut = new();

    OpenIdProvider(WebApplication app, RsaSecurityKey key, Uri url) => (this.app, this.key, Url) = (app, key, url);

    public Uri Url { get; }

    /// <summary>Who is signed in there; null: it refuses whoever comes.</summary>
    public ProvidersPerson? Who { get; set; }

    /// <summary>Changes an ID token before it is handed out: by its claims and the key of the provider.</summary>
    public Func<string, JsonObject, SecurityKey, string>? Tamper { get; set; }

    /// <summary>The subjects of the ID tokens with which browsers signed out.</summary>
    public IReadOnlyList<string?> SignedOut => [.. signedOut];

    /// <param name="port">Where it listens; null: anywhere.</param>
    public static async Task<OpenIdProvider> StartAsync(int? port = null)
    {
        var url = new Uri($"http://127.0.0.1:{port ?? ServerProcess.FreePort()}/");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url.AbsoluteUri);
        builder.Logging.ClearProviders();
        var key = new RsaSecurityKey(RSA.Create(2048));
        OpenIdProvider? provider = null;
        builder.Services.AddOpenIddict().AddServer(options =>
        {
            options.EnableDegradedMode().SetIssuer(url).AddSigningKey(key).AddEphemeralEncryptionKey();
            options.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token")
                .SetUserInfoEndpointUris("userinfo").SetEndSessionEndpointUris("logout");
            options.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            options.RegisterScopes(Scopes.OpenId, Scopes.Profile);
            options.UseAspNetCore().DisableTransportSecurityRequirement();
            AddHandlers(options, () => provider!);
        });
        var app = builder.Build();
        app.Use((context, next) => provider!.TamperAsync(context, next));
        app.UseAuthentication();
        app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        provider = new OpenIdProvider(app, key, url);
        await app.StartAsync();
        // The first answers are slow, and the program waits for a provider some seconds only.
        using var client = new HttpClient { BaseAddress = url };
        foreach (var address in new[] { ".well-known/openid-configuration", ".well-known/jwks" })
            await client.GetStringAsync(new Uri(address, UriKind.Relative));
        return provider;
    }

    /// <summary>From now on nobody answers there.</summary>
    public Task StopAsync() => app.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await app.DisposeAsync();
        key.Rsa.Dispose();
    }

    static void AddHandlers(OpenIddictServerBuilder options, Func<OpenIdProvider> provider)
    {
        On<ValidateAuthorizationRequestContext>(options, context =>
        {
            if (context.Request.ClientId != ClientId)
                context.Reject(Errors.InvalidClient);
        });
        On<ValidateTokenRequestContext>(options, context =>
        {
            if (context.Request.ClientId != ClientId || context.Request.ClientSecret != ClientSecret)
                context.Reject(Errors.InvalidClient);
        });
        On<ValidateEndSessionRequestContext>(options, context =>
        {
            if (context.Request.ClientId != ClientId)
                context.Reject(Errors.InvalidClient);
        });
        On<HandleAuthorizationRequestContext>(options, context =>
        {
            if (provider().Who is { } who)
                context.SignIn(Principal(who, context.Request.GetScopes()));
            else
                context.Reject(Errors.AccessDenied, "The person said no.");
        });
        On<HandleUserInfoRequestContext>(options, context =>
        {
            context.Subject = context.AccessTokenPrincipal?.GetClaim(Claims.Subject);
            if (provider().Who is { GroupsWhenAsked: true } who)
                context.Claims["groups"] = new OpenIddictParameter(who.Groups.ToImmutableArray<string?>());
        });
        On<HandleEndSessionRequestContext>(options, context =>
        {
            provider().signedOut.Enqueue(context.IdentityTokenHintPrincipal?.GetClaim(Claims.Subject));
            context.SignOut();
        });
    }

    static void On<T>(OpenIddictServerBuilder options, Action<T> handle)
        where T : BaseContext =>
        options.AddEventHandler<T>(handler => handler.UseInlineHandler(context =>
        {
            handle(context);
            return default;
        }));

    static ClaimsPrincipal Principal(ProvidersPerson who, ImmutableArray<string> scopes)
    {
        var identity = new ClaimsIdentity("tests", Claims.PreferredUsername, Claims.Role);
        identity.AddClaim(new Claim(Claims.Subject, who.Subject));
        identity.AddClaim(new Claim(Claims.PreferredUsername, who.Name));
        foreach (var group in who.GroupsWhenAsked ? [] : who.Groups)
            identity.AddClaim(new Claim("groups", group));
        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes(scopes);
        principal.SetDestinations(_ => [Destinations.IdentityToken]);
        return principal;
    }

    async Task TamperAsync(HttpContext context, RequestDelegate next)
    {
        if (Tamper is not { } tamper || context.Request.Path != "/token")
        {
            await next(context);
            return;
        }

        var body = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        await next(context);
        context.Response.Body = body;
        var json = JsonNode.Parse(answer.ToArray())!.AsObject();
        if ((string?)json["id_token"] is { } token)
        {
            var claims = JsonNode.Parse(Base64UrlEncoder.Decode(token.Split('.')[1]))!.AsObject();
            json["id_token"] = tamper(token, claims, key);
        }

        var changed = Encoding.UTF8.GetBytes(json.ToJsonString());
        context.Response.ContentLength = changed.Length;
        await body.WriteAsync(changed);
    }

    /// <summary>A token with these claims, signed by a key.</summary>
    public static string Sign(JsonObject claims, SecurityKey key)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            claims.ToJsonString(), new SigningCredentials(key, SecurityAlgorithms.RsaSha256));
    }
}
