using Deployments.Web.Pages.Packages;
using static Deployments.Web.Pages.Connect.Quoting;

namespace Deployments.Web.Pages.Connect;

/// <summary>
/// How each tool tells of a deployment: with headers on the download where the tool can send them, else through the
/// Package Deployment API. Pure.
/// </summary>
static class ConnectSnippets
{
    /// <summary>For a shell or a script.</summary>
    public static IReadOnlyList<ConnectSnippet> Scripts(ConnectPlace place)
    {
        var command = RecordCommand.For(place.Server, place.Feed.Name, place.Type, place.Package, place.NeedsKey);
        return
        [
            new("curl", "curl", command.Curl, "Runs on the server that gets the package; the download is the record."),
            new("powershell", "PowerShell", command.PowerShell, "Windows PowerShell 5.1 and PowerShell 7."),
            new("report", "Report without a download", ReportWithCurl(place),
                "For clients that cannot send headers, such as dotnet, npm and pip: run this after the "
                + "installation. The key needs the permission to add."),
        ];
    }

    /// <summary>For build and deployment tools.</summary>
    public static IReadOnlyList<ConnectSnippet> Tools(ConnectPlace place) =>
    [
        GitHub(place), GitLab(place), Azure(place), Jenkins(place), Ansible(place), Octopus(place), BuildMaster(place),
    ];

    /// <summary>Maven's settings; of the package managers it alone sends headers of one's own.</summary>
    public static ConnectSnippet Maven(ConnectPlace place)
    {
        var id = place.Feed.Name;
        var key = place.NeedsKey ? Property("X-ApiKey", "${env.DEPLOYMENTS_KEY}") : "";
        return new ConnectSnippet("maven", "Maven settings.xml",
            $$"""
            <settings>
              <servers>
                <server>
                  <id>{{Xml(id)}}</id>
                  <configuration>
                    <httpHeaders>
            {{Property("X-ProGet-Deployment-Application", "Maven")}}
            {{Property("X-ProGet-Deployment-Description", "${env.RELEASE}")}}
            {{Property("X-ProGet-Deployment-Target", "${env.TARGET}")}}
            {{key}}
                    </httpHeaders>
                  </configuration>
                </server>
              </servers>
              <mirrors>
                <mirror>
                  <id>{{Xml(id)}}</id>
                  <mirrorOf>*</mirrorOf>
                  <url>{{Xml(place.FeedAddress)}}</url>
                </mirror>
              </mirrors>
            </settings>
            """.Replace("\n\n", "\n", StringComparison.Ordinal),
            "Keep it apart from the settings that builds use (mvn --settings deploy-settings.xml): every artifact that "
            + "Maven downloads with it is recorded. RELEASE and TARGET come from the environment. Poms, metadata and "
            + "checksums do not count.");

        static string Property(string name, string value) =>
            $"          <property><name>{name}</name><value>{Xml(value)}</value></property>";
    }

    /// <summary>containerd's settings for a registry.</summary>
    public static ConnectSnippet Containerd(ConnectPlace place)
    {
        var host = place.Server[(place.Server.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var key = place.NeedsKey ? "\n  X-ApiKey = \"paste the key\"" : "";
        return new ConnectSnippet("containerd", "containerd hosts.toml",
            $"""
            server = {Json(place.Server)}

            [host.{Json(place.Server)}]
              capabilities = ["pull", "resolve"]

            [host.{Json(place.Server)}.header]
              X-ProGet-Deployment-Application = "containerd"
              X-ProGet-Deployment-Description = "Image pull"
              X-ProGet-Deployment-Target = "paste the name of the node"{key}
            """,
            $"Goes to /etc/containerd/certs.d/{host}/hosts.toml on every node, each with its own name. Images are then "
            + $"pulled as {host}/{place.Feed.Name}/my-package:1.0.0. Docker itself does not pass headers on.");
    }

    static string ReportWithCurl(ConnectPlace place)
    {
        var group = place.Package.Group.Length > 0
            ? $"  --data-urlencode {Shell($"GroupName={place.Package.Group}")} \\\n"
            : "";
        return $"""
            curl --fail-with-body \
              --header "X-ApiKey: $DEPLOYMENTS_KEY" \
              --data-urlencode {Shell($"FeedName={place.Feed.Name}")} \
            {group}  --data-urlencode {Shell($"PackageName={place.Package.Name}")} \
              --data-urlencode {Shell($"Version={place.Package.Version}")} \
              --data-urlencode 'Application=my-deploy-script' \
              --data-urlencode 'Description=First deployment' \
              --data-urlencode "Target=$(hostname)" \
              {Shell(place.Report)}
            """;
    }

    /// <summary>The download in the shell of a build server, which knows the values as environment variables.</summary>
    static string Download(
        ConnectPlace place, string application, string description, string url, string? user) => string.Join(" \\\n",
        [
            "curl --fail --location",
            $"  --header {Shell($"X-ProGet-Deployment-Application: {application}")}",
            $"  --header \"X-ProGet-Deployment-Description: {description}\"",
            "  --header \"X-ProGet-Deployment-Target: $TARGET\"",
            $"  --header \"X-ProGet-Deployment-Url: {url}\"",
            .. user is null ? [] : new[] { $"  --header \"X-ProGet-Deployment-UserName: {user}\"" },
            "  --header \"X-ApiKey: $DEPLOYMENTS_KEY\"",
            $"  --output {Shell(place.File)}",
            $"  {Shell(place.Download)}",
        ]);

    static ConnectSnippet GitHub(ConnectPlace place) => new("github-actions", "GitHub Actions",
        $$$"""
        on: workflow_dispatch
        jobs:
          deploy:
            runs-on: ubuntu-latest
            env:
              TARGET: WEB-07
              DEPLOYMENTS_KEY: ${{ secrets.DEPLOYMENTS_KEY }}
            steps:
              - name: Download and record
                run: |
        {{{Indent(Download(place, "GitHub Actions", "$GITHUB_WORKFLOW #$GITHUB_RUN_NUMBER",
            "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID", "$GITHUB_ACTOR"), 10)}}}
        """, "TARGET names the server that gets the package. The key is a secret of the repository.");

    static ConnectSnippet GitLab(ConnectPlace place) => new("gitlab-ci", "GitLab CI",
        $"""
        deploy:
          stage: deploy
          variables:
            TARGET: WEB-07
          script:
            - |
        {Indent(Download(place, "GitLab CI", "$CI_PROJECT_PATH pipeline $CI_PIPELINE_IID", "$CI_JOB_URL",
            "$GITLAB_USER_LOGIN"), 6)}
        """, "In .gitlab-ci.yml. DEPLOYMENTS_KEY is a masked variable of the project.");

    static ConnectSnippet Azure(ConnectPlace place) => new("azure-pipelines", "Azure Pipelines",
        $"""
        steps:
          - bash: |
        {Indent(Download(place, "Azure Pipelines", "$BUILD_DEFINITIONNAME $BUILD_BUILDNUMBER",
            "$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_build/results?buildId=$BUILD_BUILDID", "$BUILD_REQUESTEDFOR"),
            6)}
            displayName: Download and record
            env:
              TARGET: WEB-07
              DEPLOYMENTS_KEY: $(DEPLOYMENTS_KEY)
        """, "DEPLOYMENTS_KEY is a secret variable of the pipeline, which scripts see only where env names it.");

    static ConnectSnippet Jenkins(ConnectPlace place) => new("jenkins", "Jenkins",
        $$"""
        pipeline {
          agent any
          environment {
            TARGET = 'WEB-07'
            DEPLOYMENTS_KEY = credentials('deployments-key')
          }
          stages {
            stage('Deploy') {
              steps {
                sh '''
        {{Groovy(Download(place, "Jenkins", "$JOB_NAME #$BUILD_NUMBER", "$BUILD_URL", null))}}
        '''
              }
            }
          }
        }
        """, "The key is a credential of the kind Secret text with the id deployments-key.");

    static ConnectSnippet Ansible(ConnectPlace place) => new("ansible", "Ansible",
        $$$"""
        - hosts: web
          tasks:
            - name: Download and record
              ansible.builtin.get_url:
                url: {{{Json(place.Download)}}}
                dest: {{{Json("/tmp/" + place.File)}}}
                force: true
                headers:
                  X-ProGet-Deployment-Application: Ansible
                  X-ProGet-Deployment-Description: "{{ ansible_play_name }}"
                  X-ProGet-Deployment-Target: "{{ inventory_hostname }}"
                  X-ApiKey: "{{ deployments_key }}"
        """, "Each host downloads for itself and is recorded under its name in the inventory. force: also what is "
        + "there already is downloaded and recorded again. deployments_key belongs into a vault.");

    static ConnectSnippet Octopus(ConnectPlace place) => new("octopus", "Octopus script step",
        $$"""
        $release = $OctopusParameters['Octopus.Project.Name'] + ' ' + $OctopusParameters['Octopus.Release.Number']
        $link = $OctopusParameters['Octopus.Web.ServerUri'] + $OctopusParameters['Octopus.Web.DeploymentLink']
        Invoke-WebRequest -UseBasicParsing -Headers @{
          'X-ProGet-Deployment-Application' = 'Octopus Deploy'
          'X-ProGet-Deployment-Description' = $release
          'X-ProGet-Deployment-Target' = $OctopusParameters['Octopus.Machine.Name']
          'X-ProGet-Deployment-Url' = $link
          'X-ProGet-Deployment-UserName' = $OctopusParameters['Octopus.Deployment.CreatedBy.Username']
          'X-ApiKey' = $OctopusParameters['DeploymentsKey']
        } -OutFile {{PowerShell(place.File)}} -Uri {{PowerShell(place.Download)}}
        """, "Run a script, PowerShell, on the deployment targets. DeploymentsKey is a sensitive variable of the "
        + "project.");

    static ConnectSnippet BuildMaster(ConnectPlace place)
    {
        var group = place.Package.Group.Length > 0 ? $"\n    GroupName: {Json(place.Package.Group)}," : "";
        return new ConnectSnippet("buildmaster", "BuildMaster",
            $$"""
            Post-Http {{place.Report}}
            (
              FormData: %(
                Key: $DeploymentsKey,
                FeedName: {{Json(place.Feed.Name)}},{{group}}
                PackageName: {{Json(place.Package.Name)}},
                Version: $ReleaseNumber,
                Application: BuildMaster,
                Description: $ApplicationName $ReleaseNumber build $BuildNumber,
                Target: $ServerName
              )
            );
            """, "OtterScript, for a block that runs for a server. BuildMaster that downloads packages through this "
            + "server with an address of ProGet's records by itself. DeploymentsKey is a variable of the application.");
    }
}
