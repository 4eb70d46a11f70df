using System.Net;
using System.Text;
using Deployments.Tests.Support;

namespace Deployments.Tests.Gateway;

/// <summary>Paths of a Conan client that means harm, as they come over the wire.</summary>
public sealed class ConanPathsTests
{
    static readonly string[] Recipe = ["v2", "conans", "zlib", "1.3", "_", "_", "revisions", "abc", "files", "a.py"];

    static readonly string[] Package =
    [
        "v2", "conans", "zlib", "1.3", "_", "_", "revisions", "abc", "packages", "p1", "revisions", "r1", "files",
        "conan_package.tgz",
    ];

    static readonly string[] Hostile =
    [
        "..", ".", "%2e%2e", "%252e%252e", "..%2f..", "..%2F..%2F..%2Fetc", "..\\..", "..%5c..", "..%255c", "%00",
        "a%00", "%0d%0aX-A:%20b", "%ff", "%e2%80%ae", "%c0%ae%c0%ae", "*", "~root", "CON", "a:b", "%zz", "%", "-",
        new('x', 300), new('x', 5000), "", "@", "#", "search?q=%00", "$(id)",
    ];

    static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    [Fact]
    public async Task No_path_leads_out_of_the_feed_or_fails_the_server()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("c", "conan");
        var failures = new List<string>();
        foreach (var path in Paths())
        {
            foreach (var method in new[] { HttpMethod.Put, HttpMethod.Get, HttpMethod.Delete })
            {
                using var request = new HttpRequestMessage(method, new Uri($"{app.Url}conan/c/{path}", AsItIs));
                request.Headers.Add("X-ApiKey", TestApp.ApiKey);
                if (method == HttpMethod.Put)
                    request.Content = new ByteArrayContent("evil"u8.ToArray());
                using var answer = await app.Client.SendAsync(request);
                if (answer.StatusCode >= HttpStatusCode.InternalServerError
                    || method != HttpMethod.Put && answer.Headers.Contains("X-A"))
                    failures.Add($"{method} {path}: {(int)answer.StatusCode}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        var own = Path.Combine(app.DataDirectory, "packages") + Path.DirectorySeparatorChar;
        var strays = Directory.EnumerateFiles(app.DataDirectory, "*", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(own, StringComparison.Ordinal) && new FileInfo(file).Length == 4);
        Assert.Empty(strays);
        var feed = Assert.Single(Directory.EnumerateDirectories(own));
        Assert.All(Directory.EnumerateFiles(own, "*", SearchOption.AllDirectories),
            file => Assert.StartsWith(feed + Path.DirectorySeparatorChar, file, StringComparison.Ordinal));
        // The walk does write what does no harm.
        Assert.NotEmpty(Directory.EnumerateFiles(feed, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("v2/users/authenticate")]
    [InlineData("v2/users/check_credentials")]
    public async Task What_is_no_credential_is_refused_and_not_given_back(string path)
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("c", "conan");
        foreach (var credential in new[]
        {
            "Basic", "Basic %", "Basic " + Convert.ToBase64String("nobody:guessed-key-1"u8), "Bearer guessed-key-2",
            "Basic " + Convert.ToBase64String(Encoding.Latin1.GetBytes("a:\u00ff\0b")),
            "Bearer " + new string('x', 5000),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/conan/c/{path}");
            request.Headers.TryAddWithoutValidation("Authorization", credential);
            using var answer = await app.Client.SendAsync(request);
            Assert.InRange((int)answer.StatusCode, 400, 499);
            Assert.DoesNotContain("guessed", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    static IEnumerable<string> Paths()
    {
        foreach (var whole in new[] { Recipe, Package })
        {
            for (var n = 0; n < whole.Length; n++)
            {
                foreach (var hostile in Hostile)
                {
                    yield return string.Join('/', [.. whole[..n], hostile, .. whole[(n + 1)..]]);
                    if (n == 0)
                        yield return string.Join('/', whole) + hostile;
                }
            }
        }
    }
}
