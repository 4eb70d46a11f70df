using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Dapper;
using Deployments.Data.Accounts;
using Deployments.Tests.Accounts;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Groups;

/// <summary>Groups and callers for tests, made as administrators make them.</summary>
static class GroupSeed
{
    public const string Groups = "/api/management/groups";

    /// <summary>Makes a group; gives its number.</summary>
    public static async Task<int> MakeAsync(TestApp app, string name, object? more = null)
    {
        var body = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        body["name"] = name;
        return (int)(await app.Admin.JsonAsync("POST", Groups + "/create", body))["id"]!;
    }

    public static Task ChangeAsync(TestApp app, int group, object body) =>
        app.Admin.JsonAsync("POST", $"{Groups}/update/{group}", body);

    public static Task LimitAsync(TestApp app, string feed, bool isLimited = true) =>
        app.Admin.JsonAsync("POST", "/api/management/feeds/update/" + feed, new { groupsOnly = isLimited });

    /// <summary>Makes a key straight away; gives its number.</summary>
    public static async Task<int> KeyAsync(
        TestApp app, string key, string permissions, string? feed = null, string? owner = null)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<int>(
            """
            insert into api_keys (key_hash, key_type, display_name, permissions, feed_id, account_id)
            values (sha256(convert_to(@key, 'UTF8')), case when @owner::text is null then 'Feed' else 'Personal' end,
                @key, @permissions::text[], (select feed_id from feeds where name = @feed),
                (select account_id from accounts where name = @owner))
            returning api_key_id
            """, new { key, permissions, feed, owner });
    }

    public static (string, string) Basic(string name) =>
        ("Authorization", CallerResolverTests.Basic(name, name + "'s password"));

    /// <summary>The things that can be done to a feed, and which of them somebody may, in order.</summary>
    public static async Task<string> MayAsync(TestApp app, string feed, (string, string) credential, string package)
    {
        var may = new List<string>();
        async Task TryAsync(string what, string method, string url, object? body = null)
        {
            var (status, text) = await app.Client.AskAsync(method, url, body, credential);
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Forbidden, $"{what}: {status} {text}");
            if (status == HttpStatusCode.OK)
                may.Add(what);
        }

        await TryAsync("download", "GET", $"/upack/{feed}/download/app/1.0.0");
        var seen = await app.Client.AskAsync("GET", "/api/package-deployments?feed=" + feed, null, credential);
        if (seen.Body.Contains("\"feed\":\"" + feed, StringComparison.Ordinal))
            may.Add("see");
        if (await UploadAsync(app, feed, credential, package))
            may.Add("upload");
        await TryAsync("record", "POST", "/api/package-deployment", new
        {
            FeedName = feed,
            PackageName = "app",
            Version = "1.0.0",
            Target = "WEB-01",
            Application = "test",
            Description = "",
        });
        await TryAsync("delete", "POST", $"/api/packages/{feed}/delete?name={package}&version=1.0.0");
        await TryAsync("administer", "POST", "/api/management/feeds/update/" + feed, new { description = package });
        return string.Join(' ', may);
    }

    /// <summary>Makes a feed with a package, and a record of it.</summary>
    public static async Task FeedAsync(TestApp app, string feed)
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, feed);
        await app.Admin.JsonAsync("POST", "/api/management/feeds/update/" + feed, new { anonymousAccess = false });
        await app.Admin.JsonAsync("POST", "/api/package-deployment", new
        {
            FeedName = feed,
            PackageName = "app",
            Version = "1.0.0",
            Target = "WEB-01",
            Application = "test",
            Description = "the first",
        });
    }

    public static Task PersonAsync(TestApp app, string name, AccountRole role) => SignInTests.AddAsync(app, name, role);

    static async Task<bool> UploadAsync(
        TestApp app, string feed, (string Name, string Value) credential, string package)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/upack/{feed}/upload")
        {
            Content = new ByteArrayContent(UniversalPackage.Make(package, "1.0.0"))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/zip") },
            },
        };
        request.Headers.TryAddWithoutValidation(credential.Name, credential.Value);
        using var answer = await app.Client.SendAsync(request);
        Assert.True(
            answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Forbidden, $"{answer.StatusCode}");
        return answer.IsSuccessStatusCode;
    }
}
