using System.Diagnostics;
using System.Text;

namespace Deployments.Tests.Clients;

/// <summary>
/// A home folder for a client's settings and caches, so that neither the machine's nor another test's are read or
/// changed; gone at the end.
/// </summary>
sealed class ClientHome : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5); // a loaded machine is slow

    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("deployments-client-");

    public string At(params string[] path) => Path.Combine([root.FullName, .. path]);

    public Task WriteAsync(string path, string text) => WriteAsync(path, Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(string path, byte[] content)
    {
        var file = At(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, content);
    }

    /// <summary>Runs a client to its end.</summary>
    /// <param name="folder">Below the home; where it runs.</param>
    /// <param name="program">Found on the PATH.</param>
    /// <param name="arguments">One each.</param>
    public async Task<ClientRun> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Directory.CreateDirectory(At(folder)).FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        Isolate(start.Environment);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end in {Patience.TotalMinutes} minutes.\n{await output}\n{await errors}");
        }

        return new ClientRun(process.ExitCode, await output, await errors);
    }

    /// <summary>The same, for a client that must succeed; what it wrote.</summary>
    public async Task<string> SucceedAsync(string folder, string program, params string[] arguments)
    {
        var run = await RunAsync(folder, program, arguments);
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {run.ExitCode}\n{run.Everything}");
        return run.Output;
    }

    public void Dispose() => root.Delete(recursive: true);

    void Isolate(IDictionary<string, string?> environment)
    {
        // What a test runner or a proxy of this machine set for itself is not the client's.
        foreach (var name in environment.Keys.Where(IsForeign).ToList())
            environment.Remove(name);
        // Shims of version managers find the programs themselves by their owner's home.
        foreach (var (name, folder) in new[] { ("PYENV_ROOT", ".pyenv"), ("RUSTUP_HOME", ".rustup") })
            environment.TryAdd(name, Path.Combine(environment["HOME"] ?? "/", folder));
        environment["CARGO_HOME"] = At("cargo");
        environment["GOPATH"] = At("go");
        environment["GOCACHE"] = At("go-cache");
        environment["GOFLAGS"] = "-modcacherw"; // so that it can be removed
        environment["GOTOOLCHAIN"] = "local";
        environment["PIP_CONFIG_FILE"] = "/dev/null";
        environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1";
        environment["GEM_HOME"] = environment["GEM_PATH"] = At("gems");
        environment["COMPOSER_HOME"] = At("composer");
        environment["HOME"] = At("home");
        environment["DOTNET_CLI_HOME"] = At("home");
        environment["DOTNET_NOLOGO"] = "1";
        environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "0";
        environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        environment["MSBUILDDISABLENODEREUSE"] = "1";
        environment["NUGET_PACKAGES"] = At("packages");
        environment["NUGET_HTTP_CACHE_PATH"] = At("http-cache");
        environment["NUGET_SCRATCH"] = At("scratch");
        environment["npm_config_cache"] = At("npm-cache");
        environment["npm_config_userconfig"] = At(".npmrc");
        environment["npm_config_globalconfig"] = At("npmrc-of-nobody");
        environment["npm_config_audit"] = "false";
        environment["npm_config_fund"] = "false";
        environment["npm_config_update_notifier"] = "false";
        environment["NO_PROXY"] = environment["no_proxy"] = "127.0.0.1,localhost";
        Directory.CreateDirectory(At("home"));
    }

    static bool IsForeign(string name) =>
        name.StartsWith("npm_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MAVEN_", StringComparison.Ordinal)
        || name.StartsWith("PIP_", StringComparison.Ordinal)
        || name.StartsWith("CARGO_", StringComparison.Ordinal)
        || name.StartsWith("GO", StringComparison.Ordinal)
        || name.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.Ordinal)
        || name.StartsWith("VSTEST_", StringComparison.Ordinal);
}

/// <summary>How a client ended.</summary>
sealed record ClientRun(int ExitCode, string Output, string Errors)
{
    public string Everything => $"{Output}\n{Errors}";
}
