using System.Net;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Octopus;
using Deployments.Tests.Groups;
using Deployments.Tests.Notifications;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;
using Deployments.Web.Octopus;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;

namespace Deployments.Tests.Pages;

/// <summary>
/// Every form of every page: each field that its handler takes, with values that parsers, databases and calendars are
/// known to stumble over, sent by an administrator. Whatever is answered, it is no 500 and no stack trace.
/// </summary>
public sealed partial class HostileFormsTests : IAsyncLifetime
{
    // As they stand in a form: also what is no UTF-8 and half a character.
    static readonly string[] Values =
    [
        "", "%00", "a%00b", "%FF", "%ED%A0%80", "%0D%0Ax", "%27%22%3C%5C%25", "-1", "99999999999999999999", "NaN",
        "0001-01-01", "9999-12-31T23:59:59-14:00", "http%3A%2F%2F%5B", new('x', 100_000),
    ];

    // What ends the thing that others are about, last.
    static readonly string[] Endings = ["Delete", "Revoke", "Remove", "Dismiss", "Expire"];

    TestApp app = null!;
    Browser browser = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget", new Uri("http://127.0.0.1:1/"));
        using (var recorded = await app.Admin.PostAsync("/api/package-deployment/", new StringContent(
            """
            {"Application":"a","Description":"","Target":"WEB-01","FeedName":"main","PackageName":"App","Version":"1.0"}
            """, Encoding.UTF8, "application/json")))
            Assert.True(recorded.IsSuccessStatusCode, await recorded.Content.ReadAsStringAsync());
        using (var seen = new StringContent("App|9.9.9\n"))
        using (var taken = await app.Admin.PostAsync("/api/inventory/WEB-01?scope=choco", seen))
            Assert.True(taken.IsSuccessStatusCode);
        await app.ImportAdvisoryAsync(Osv.Advisory("GHSA-1", "App", "0", "2.0.0"));
        await NotificationSeed.WriteAsync(app);
        await app.Service<OctopusDesk>().AddAsync(
            new OctopusInput { Name = "prod", Url = "http://127.0.0.1:1", ApiKey = "API-INVENTED" },
            "deployments.example", Actor.Program, default);
        var octopus = (await app.Service<OctopusConnectionStore>().FindOrNullAsync("prod", default))!;
        await app.Service<OctopusConnectionStore>().PauseAsync(octopus, true, Actor.Program, default);
        await GroupSeed.MakeAsync(app, "team", new
        {
            accounts = new[] { "Admin" },
            grants = new[] { new { feed = "main", level = "view" } },
        });
        await app.StopJobsAsync();
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(string.Concat(Enumerable.Range(1, 3).Select(n => PageSeed.Rejected(n) + ";"))
            + "insert into retention_rules (keep_months) values (12)");
        browser = await Browser.SignedInAsync(app);
    }

    public async Task DisposeAsync()
    {
        browser.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task No_value_of_any_field_of_any_form_fails_the_server()
    {
        var forms = await FormsAsync();
        Assert.InRange(forms.Count, 40, int.MaxValue);
        var token = await browser.TokenAsync("/account");
        var failures = new List<string>();
        foreach (var form in forms)
        {
            if (form.Fields.Count == 0)
                await TryAsync(form, "", "");
            foreach (var hostile in form.Fields)
            {
                foreach (var value in Values)
                    await TryAsync(form, $"{hostile}={value}&{form.Others(hostile)}", $"{hostile}={value}");
                // A list, longer than a form may be, and as an object.
                await TryAsync(form, string.Concat(Enumerable.Repeat($"{hostile}=1&", 1100)), $"{hostile}=1&…");
                await TryAsync(form, $"{hostile}[2000000000]=1&{hostile}[a].b=%00&{form.Others(hostile)}", "indices");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));

        async Task TryAsync(Form form, string body, string shown)
        {
            shown = $"{form.Address} {shown[..Math.Min(shown.Length, 80)]}";
            try
            {
                using var answer = await browser.PostRawAsync(
                    form.Address, $"{body}&__RequestVerificationToken={token}");
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.StatusCode >= HttpStatusCode.InternalServerError
                    || text.Contains("   at ", StringComparison.Ordinal))
                    failures.Add($"{shown}: {(int)answer.StatusCode}");
            }
            catch (OperationCanceledException)
            {
                failures.Add($"{shown}: no answer");
            }
        }
    }

    [Theory]
    [InlineData("Dismiss", 1025)]
    [InlineData("Dismiss", 20_000)]
    [InlineData("Replay", 1025)]
    public async Task More_rejected_records_than_one_may_choose_are_refused_in_words(string handler, int count)
    {
        var ids = string.Join('&', Enumerable.Range(1, count).Select(n => $"ids={n}"));
        using var answer = await browser.PostRawAsync($"/admin/rejected?handler={handler}",
            $"{ids}&dismissal=not+ours&__RequestVerificationToken={await browser.TokenAsync("/account")}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("at most 1000", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    async Task<IReadOnlyList<Form>> FormsAsync()
    {
        var forms = new List<Form>();
        var loader = app.Service<PageLoader>();
        foreach (var page in app.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            if (page.Metadata.GetMetadata<PageActionDescriptor>() is not { } descriptor
                || page.RoutePattern.RawText is "sign-out" or "sign-in")
                continue;
            var compiled = await loader.LoadAsync(descriptor, EndpointMetadataCollection.Empty);
            foreach (var handler in compiled.HandlerMethods.Where(method => method.HttpMethod == "Post"))
            {
                var fields = handler.Parameters
                    .Where(parameter => parameter.ParameterType != typeof(CancellationToken))
                    .SelectMany(parameter => FieldsOf(parameter.Name!, parameter.ParameterType))
                    .Concat(compiled.BoundProperties.SelectMany(
                        property => FieldsOf(property.Name, property.ParameterType)))
                    .Distinct(StringComparer.OrdinalIgnoreCase).ToList();
                forms.Add(new Form(await AddressAsync(page.RoutePattern.RawText!, handler.Name), fields));
            }
        }

        return [.. forms.OrderBy(form => Endings.Any(end => form.Address.EndsWith(end, StringComparison.Ordinal)))];
    }

    static IEnumerable<string> FieldsOf(string name, Type type) =>
        type.Namespace!.StartsWith("Deployments", StringComparison.Ordinal) && !type.IsEnum
            ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)
            : [name];

    async Task<string> AddressAsync(string pattern, string? handler)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        var first = pattern switch
        {
            "admin/feeds/{name}" or "admin/connectors/{name}" => "main",
            "admin/octopus/{name}" => "prod",
            "feeds/{feed}/settings" => "main",
            "vulnerabilities/{id}" => "GHSA-1",
            "drift/{id:long}/record" => await connection.ExecuteScalarAsync<string>(
                "select min(observation_id)::text from observations"),
            "deployments/{id:long}/remove" => await connection.ExecuteScalarAsync<string>(
                "select min(id)::text from deployments"),
            _ => "1",
        };
        var address = "/" + Parameter().Replace(pattern, first!)
            + (pattern == "drift/accept" ? "?target=WEB-01&type=nuget&name=App" : "");
        return handler is null ? address : $"{address}{(address.Contains('?') ? '&' : '?')}handler={handler}";
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    /// <summary>A form: where it goes, what it may have.</summary>
    sealed record Form(string Address, IReadOnlyList<string> Fields)
    {
        /// <summary>The other fields, with what may be right.</summary>
        public string Others(string hostile) => string.Concat(Fields
            .Where(field => field != hostile)
            .Select(field => $"{field}={Harmless(field)}&"));

        static string Harmless(string field) => field.ToUpperInvariant() switch
        {
            "URL" or "LOCATION" => "http%3A%2F%2F127.0.0.1%3A1%2F",
            "FEEDTYPE" or "TYPE" => "nuget",
            "FEED" or "FEEDNAME" => "main",
            "VERSION" => "1.0",
            "HOST" => "127.0.0.1",
            "PORT" => "1",
            "ENCRYPTION" => "none",
            "SENDER" or "RECIPIENT" => "a%40example.com",
            "TARGET" => "WEB-01",
            "ACTIVE" or "ALL" or "PAUSE" => "false",
            "DATE" or "FROM" or "UNTIL" or "LASTDAY" => "2026-01-31",
            "ID" or "IDS" or "REVISION" or "KEEPMONTHS" or "ASSESSMENT" or "NOTIFICATION" => "1",
            _ => "a",
        };
    }
}
