using System.Diagnostics;
using System.Text;
using Deployments.Web.Feeds;
using Deployments.Web.Inventory;

namespace Deployments.Tests.Inventory;

/// <summary>What tools write, what is recognised in it, and what comes of it.</summary>
public sealed class InventoryFormatTests
{
    const string Dpkg =
        "ii \tlibc6:amd64\t2.36-9\tamd64\tglibc\t2.36-9\t1700000000\nrc \told\t1\tall\told\t1\t1700000000\n";

    const string DpkgStatus =
        """
        Package: adduser
        Status: install ok installed
        Architecture: all
        Version: 3.134
        Description: add and remove users
         Version: of this line nothing is taken

        Package: old
        Status: deinstall ok config-files
        Version: 1


        """;

    const string Rpm =
        "bash\t0\t5.1.8\t6.el9\tx86_64\t1700000000\tRed Hat\nshadow-utils\t2\t4.9\t6.el9\tx86_64\t1700000000\tRed Hat\n"
        + "gpg-pubkey\t0\tfd431d51\t4ae0493b\t(none)\t1700000000\t(none)\n";

    const string Apk = "C:Q1abc=\nP:busybox\nV:1.36.1-r5\nA:x86_64\no:busybox\nF:bin\nR:sh\n\n";

    const string Choco = "Chocolatey v2.2.2\nA list of what is installed\ngit|2.43.0\n7zip.install|23.1.0\n";

    const string CycloneDx =
        """
        {"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"name":"host","components":[]}},
         "components":[
          {"type":"library","name":"lodash","purl":"pkg:npm/lodash@4.17.21"},
          {"type":"library","name":"libc6","purl":"pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
           "components":[{"name":"in","purl":"pkg:pypi/Inner@1.0"}]},
          {"type":"operating-system","name":"debian"},
          {"type":"library","name":"x","purl":"pkg:unheardof/x@1"},
          {"type":"library","name":"y","purl":"damaged"}]}
        """;

    const string Spdx =
        """
        {"spdxVersion":"SPDX-2.3","packages":[{"name":"a","externalRefs":[
          {"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a"},
          {"referenceType":"purl","referenceLocator":"pkg:maven/org.acme/core@1.0"}]},{"name":"none"}]}
        """;

    const string Kubernetes =
        """
        {"apiVersion":"v1","items":[
          {"metadata":{"name":"web-5d8f7-abcde","namespace":"shop","labels":{"pod-template-hash":"5d8f7"},
             "ownerReferences":[{"kind":"ReplicaSet","name":"web-5d8f7"}]},
           "status":{"containerStatuses":[{"image":"registry.example:5000/images/shop/web:1.4.2",
             "imageID":"docker-pullable://registry.example:5000/images/shop/web@sha256:aa11"}]}},
          {"metadata":{"name":"db-0","namespace":"shop","ownerReferences":[{"kind":"StatefulSet","name":"db"}]},
           "status":{"containerStatuses":[{"image":"docker.io/library/postgres@sha256:bb22","imageID":"sha256:bb22"}]}},
          {"metadata":{"name":"waiting","namespace":"shop"},"status":{}}],"kind":"List"}
        """;

    const string Docker =
        """
        [{"Id":"c1","Name":"/web","Image":"sha256:cc33","Config":{"Image":"nginx"},"RepoDigests":["nginx@sha256:dd44"]},
         {"Id":"c2","Name":"/db","Image":"sha256:cc34","Config":{"Image":"localhost:5000/shop/db:2"}}]
        """;

    const string Inedo =
        """
        [{"group":"acme/tools","name":"Agent","version":"1.2.3","path":"C:\\Agent","feedUrl":"https://x/upack/apps",
          "installationDate":"2026-01-01T00:00:00Z","installedBy":"jdoe"}]
        """;

    const string Pip = """[{"name": "pip", "version": "24.0"}, {"name": "PyYAML", "version": "6.0.1"}]""";

    const string Npm =
        """
        {"name":"lib","dependencies":{"@acme/cli":{"version":"1.0.0","dependencies":{"ms":{"version":"2.1.3"}}},
          "lost":{"required":"^1","missing":true}}}
        """;

    const string DotNet =
        """
        {"runtimeTarget":{"name":".NETCoreApp,Version=v10.0"},"targets":{".NETCoreApp,Version=v10.0":{}},
         "libraries":{"Shop/1.0.0":{"type":"project","sha512":""},"Dapper/2.1.66":{"type":"package","sha512":"x"}}}
        """;

    [Theory]
    [InlineData(Dpkg, "dpkg", 1, 0, "pkg:deb/libc6@2.36-9?arch=amd64")]
    [InlineData(DpkgStatus, "dpkg-status", 1, 0, "pkg:deb/adduser@3.134?arch=all")]
    [InlineData(Rpm, "rpm", 1, 0, "pkg:rpm/bash@5.1.8-6.el9?arch=x86_64",
        "pkg:rpm/shadow-utils@4.9-6.el9?arch=x86_64&epoch=2")]
    [InlineData(Apk, "apk", 0, 0, "pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64")]
    [InlineData(Choco, "choco", 2, 0, "pkg:nuget/git@2.43.0", "pkg:nuget/7zip.install@23.1.0")]
    [InlineData(CycloneDx, "cyclonedx", 2, 1, "pkg:npm/lodash@4.17.21", "pkg:deb/libc6@2.36-9?arch=amd64",
        "pkg:pypi/inner@1.0")]
    [InlineData(Spdx, "spdx", 1, 0, "pkg:maven/org.acme/core@1.0")]
    [InlineData(Kubernetes, "kubernetes", 1, 0, "shop/web pkg:docker/shop/web@1.4.2",
        "shop/db pkg:docker/postgres@sha256:bb22")]
    [InlineData(Docker, "docker", 0, 0, "pkg:docker/nginx@latest", "pkg:docker/shop/db@2")]
    [InlineData(Inedo, "upack", 0, 0, "pkg:upack/acme/tools/Agent@1.2.3")]
    [InlineData(Pip, "pip", 0, 0, "pkg:pypi/pip@24.0", "pkg:pypi/pyyaml@6.0.1")]
    [InlineData(Npm, "npm", 1, 0, "pkg:npm/%40acme/cli@1.0.0", "pkg:npm/ms@2.1.3")]
    [InlineData(DotNet, "dotnet", 1, 0, "pkg:nuget/Dapper@2.1.66")]
    public async Task Each_format_is_recognised_and_read(
        string text, string name, int ignored, int bad, params string[] packages)
    {
        var format = new InventoryFormats().RecognisedOrNull(text);

        Assert.Equal(name, format?.Name);
        var entries = await ReadAsync(format!, Encoding.UTF8.GetBytes(text));
        Assert.Equal(packages, entries.Where(entry => entry.Package is not null).Select(Purl));
        Assert.Equal((ignored, bad), (
            entries.Count(entry => entry is { Package: null, Problem: null }),
            entries.Count(entry => entry.Problem is not null)));
    }

    [Fact]
    public void Each_format_has_a_sample_and_a_name_of_its_own() =>
        Assert.Equal(
            ["apk", "choco", "cyclonedx", "docker", "dotnet", "dpkg", "dpkg-status", "kubernetes", "npm", "pip", "rpm",
                "spdx", "upack"],
            new InventoryFormats().All.Select(format => format.Name).Order(StringComparer.Ordinal));

    // Whatever is cut off or scrambled: an answer, never an exception of another kind, and what is cut shows it.
    [Theory]
    [InlineData(Dpkg)]
    [InlineData(DpkgStatus)]
    [InlineData(Rpm)]
    [InlineData(Apk)]
    [InlineData(CycloneDx)]
    [InlineData(Spdx)]
    [InlineData(Kubernetes)]
    [InlineData(Docker)]
    [InlineData(Inedo)]
    [InlineData(Pip)]
    [InlineData(Npm)]
    [InlineData(DotNet)]
    public async Task A_document_may_be_cut_off_anywhere(string text)
    {
        var format = new InventoryFormats().RecognisedOrNull(text)!;
        var bytes = Encoding.UTF8.GetBytes(text);
        var whole = (await ReadAsync(format, bytes)).Select(entry => entry.Package).ToHashSet();
        for (var length = 0; length < bytes.Length; length++)
        {
            var entries = await ReadOrCutAsync(format, bytes[..length]);
            Assert.All(entries.Where(entry => entry.Package is not null),
                entry => Assert.Contains(entry.Package, whole));
        }
    }

    [Fact]
    public async Task This_machines_own_listings_are_read()
    {
        // Goal: what the tools of this machine really write. Method: each that is here is run.
        await RealAsync("dpkg", "dpkg-query", "-W", "-f=" + DpkgFormat.Command.Split('\'')[1]);
        await RealAsync("dpkg-status", "cat", "/var/lib/dpkg/status");
        await RealAsync("rpm", "rpm", "-qa", "--qf", RpmFormat.Command.Split('\'')[1]);
        await RealAsync("apk", "cat", "/lib/apk/db/installed");
        await RealAsync("pip", "pip", "list", "--format", "json", "--disable-pip-version-check");
        await RealAsync("npm", "npm", "ls", "-g", "--json", "--depth", "0");
        var deps = Directory.GetFiles(AppContext.BaseDirectory, "*.deps.json").First();
        await RealAsync("dotnet", "cat", deps);
    }

    static async Task RealAsync(string name, string program, params string[] arguments)
    {
        if (await RunOrNullAsync(program, arguments) is not { Length: > 0 } output)
            return; // not on this machine, or nothing is installed with it
        var format = new InventoryFormats().RecognisedOrNull(Encoding.UTF8.GetString(output)[..Math.Min(
            output.Length, 60_000)]);
        Assert.Equal(name, format?.Name);
        var entries = await ReadAsync(format!, output);
        Assert.DoesNotContain(entries, entry => entry.Problem is not null);
        Assert.Contains(entries, entry => entry.Package is not null);
    }

    static async Task<byte[]?> RunOrNullAsync(string program, string[] arguments)
    {
        if (program == "cat")
            return File.Exists(arguments[0]) ? await File.ReadAllBytesAsync(arguments[0]) : null;
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':')
            .Any(path => File.Exists(Path.Combine(path, program))))
            return null;
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await errors;
        await process.WaitForExitAsync();
        return output.ToArray();
    }

    static async Task<List<InventoryEntry>> ReadOrCutAsync(IInventoryFormat format, byte[] bytes)
    {
        var entries = new List<InventoryEntry>();
        try
        {
            await foreach (var entry in Entries(format, bytes))
                entries.Add(entry);
        }
        catch (System.Text.Json.JsonException)
        {
            // Told as an error of the place where it ends.
        }

        return entries;
    }

    static async Task<List<InventoryEntry>> ReadAsync(IInventoryFormat format, byte[] bytes)
    {
        var entries = new List<InventoryEntry>();
        await foreach (var entry in Entries(format, bytes))
            entries.Add(entry);
        return entries;
    }

    static IAsyncEnumerable<InventoryEntry> Entries(IInventoryFormat format, byte[] bytes) => format.ReadAsync(
        new MemoryStream(bytes), new InventoryNames(new FeedTypeCatalog(), new HashSet<string> { "images" }),
        CancellationToken.None);

    static string Purl(InventoryEntry entry) =>
        (entry.Place is null ? "" : entry.Place + " ") + entry.Type!.Purl(entry.Package!);
}
