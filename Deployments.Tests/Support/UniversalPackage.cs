using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Deployments.Tests.Support;

/// <summary>A small universal package in a feed's own store, for tests that need something to download.</summary>
static class UniversalPackage
{
    /// <summary>Makes a universal feed and uploads a package to it.</summary>
    /// <returns>The path to download it from.</returns>
    public static async Task<string> InNewFeedAsync(HttpClient admin, string feed)
    {
        using (var made = await admin.PostAsJsonAsync(
            "/api/management/feeds/create", new { name = feed, feedType = "universal" }))
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());

        using var content = new ByteArrayContent(Make("app", "1.0.0"));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        using var uploaded = await admin.PutAsync($"/upack/{feed}/upload", content);
        Assert.True(uploaded.IsSuccessStatusCode, await uploaded.Content.ReadAsStringAsync());
        return $"/upack/{feed}/download/app/1.0.0";
    }

    /// <summary>The bytes of a package.</summary>
    public static byte[] Make(string name, string version)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var manifest = zip.CreateEntry("upack.json").Open())
                manifest.Write(Encoding.UTF8.GetBytes($$"""{"name":"{{name}}","version":"{{version}}"}"""));
            using var content = zip.CreateEntry("package/readme.txt").Open();
            content.Write("what is deployed"u8);
        }

        return file.ToArray();
    }
}
